//! What the pattern language admits and refuses.

use super::translate;

#[test]
fn patterns_are_spelt_out() {
    for (source, native) in [
        ("", ""),
        ("^[a-z]+$", "^[a-z]+$"),
        ("^a|b$", "^a|b$"),
        ("a(b|c)d", "a(?:b|c)d"),
        ("(ab)?", "(?:ab)?"),
        ("\\d{2,4}?", "[0-9]{2,4}"),
        (
            "[^\\w]",
            "[\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{5e}\\x{60}\\x{7b}-\\x{d7ff}\\x{e000}-\\x{10ffff}]",
        ),
        ("\\bx\\b", "(?-u:\\b)x(?-u:\\b)"),
        ("[&&a-]", "[\\x{26}\\x{2d}a]"),
        ("\\u00e4\\x41\\u{1F600}\\.", "\\x{e4}A\\x{1f600}\\x{2e}"),
        ("[a-c\\-b-d]", "[\\x{2d}a-d]"),
    ] {
        assert_eq!(translate(source).unwrap(), native, "{source}");
    }
}

#[test]
fn what_engines_read_differently_is_refused() {
    for (source, why) in [
        ("(?=a)", "looks around"),
        ("(?<!a)b", "looks around"),
        ("(?<name>a)", "has a name"),
        ("(?P<name>a)", "has a name"),
        ("(?i)a", "has flags"),
        ("(a)\\1", "refers back"),
        ("\\k<a>", "refers back"),
        ("\\p{L}", "version of Unicode"),
        ("\\a", "different things"),
        ("\\B", "different things"),
        ("\\-", "different things"),
        ("a{", "begins no count"),
        ("a{,2}", "begins no count"),
        ("a{3,2}", "greatest count"),
        ("}", "lone `}`"),
        ("]", "lone `]`"),
        ("[]", "empty class"),
        ("[^]", "empty class"),
        ("[a", "without its `]`"),
        ("[[a]]", "another class"),
        ("[z-a]", "ends before"),
        ("[\\d-z]", "needs a character"),
        ("(a", "without its `)`"),
        ("a)", "without its `(`"),
        ("*a", "repeats nothing"),
        ("a**", "cannot be repeated"),
        ("^*", "cannot be repeated"),
        ("\\ud83d", "no character"),
        ("\\x4", "no character"),
        ("a\\", "ends in a backslash"),
        ("[a-z]{1,9999}", "more than 2000"),
        ("(a{1000}){1000}", "more than 2000"),
    ] {
        let refused = translate(source).unwrap_err();
        assert!(
            refused.message.contains(why),
            "{source}: {}",
            refused.message
        );
    }
}

#[test]
fn what_takes_exponential_time_is_refused() {
    for source in [
        "(a+)+$",
        "(a*)*$",
        "(a|a)*$",
        "(a|aa)+$",
        "(\\w+\\s?)*$",
        "([a-z]+)*\\d",
        "(a?){30}a{30}",
        "(x(a?|b?))*y",
        "(.*,)*x",
        "(a|b|ab)*c",
    ] {
        assert!(translate(source).is_err(), "{source}");
    }
    for source in [
        "^[a-z0-9]+(-[a-z0-9]+)*$",
        "^(\\d{1,3}\\.){3}\\d{1,3}$",
        "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$",
        "^([a-z]{2}){3}$",
        "^(a|b)*$",
        "^\\+?[0-9 ]{5,20}$",
        "^(\\w+,)*\\w+$",
        "^v?\\d+(\\.\\d+){0,2}(-[a-z]+)?$",
        "^#[0-9a-fA-F]{6}$",
        "^(?:(?:a|b)c?)+$",
    ] {
        assert!(
            translate(source).is_ok(),
            "{source}: {:?}",
            translate(source)
        );
    }
}
