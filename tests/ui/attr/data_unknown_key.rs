#![allow(unused)]

use stayput::prelude::*;

#[data(crat = stayput)]
struct Note;

fn main() {}
