mod name {
    stayput::stub!("users.json", name = "users");
}

mod key {
    stayput::stub!("users.json", nam = "USERS");
}

mod nothing {
    stayput::stub!();
}

fn main() {}
