mod users {
    stayput::stub!("stub/none.json");
}

fn main() {}
