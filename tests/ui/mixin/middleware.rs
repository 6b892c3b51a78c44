#![allow(unused)]

use stayput::middleware::RequestLog;
use stayput::prelude::*;

#[mixin(middleware(RequestLog))]
struct Presence {}

#[mixin]
impl Presence {}

fn main() {}
