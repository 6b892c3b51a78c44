mod name {
    stayput::stub!("stub/users.json", name = "users");
}

mod key {
    stayput::stub!("stub/users.json", nam = "USERS");
}

mod nothing {
    stayput::stub!();
}

fn main() {}
