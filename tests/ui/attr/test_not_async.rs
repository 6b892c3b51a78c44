#![allow(unused)]

#[stayput::test]
fn it_waits_for_nothing() {}

#[stayput::test(seed = 7)]
async fn it_has_no_such_key(t: &()) {}

#[stayput::test]
struct Test;

fn main() {}
