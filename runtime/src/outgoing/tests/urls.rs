use crate::outgoing::url::Url;

fn read(text: &str) -> Url {
    Url::read(text).unwrap()
}

#[test]
fn one_url_has_one_form() {
    for (text, form) in [
        ("http://example.com", "http://example.com/"),
        ("https://EXAMPLE.com:443/a", "https://example.com/a"),
        ("https://example.com:/a?b=c", "https://example.com/a?b=c"),
        ("http://example.com:8080?q", "http://example.com:8080/?q"),
        ("http://[::1]:80/x", "http://[::1]/x"),
        ("http://[0:0::1]:81/", "http://[::1]:81/"),
        ("http://a/b/../c/./d/", "http://a/c/d/"),
        ("http://a/b/..", "http://a/"),
        ("http://a/../../b", "http://a/b"),
        ("http://a/b/%2e%2E/c", "http://a/c"),
        ("http://a//b", "http://a//b"),
        ("http://a/b?x=../y", "http://a/b?x=../y"),
    ] {
        assert_eq!(read(text).text(), form, "{text}");
        assert_eq!(read(form).text(), form, "{form}");
    }
}

#[test]
fn what_is_no_url_is_refused_by_name() {
    for (text, word) in [
        ("", "no URL"),
        ("/path", "no scheme"),
        ("example.com", "no scheme"),
        ("file:///etc/passwd", "URL"),
        ("ftp://example.com/", "neither"),
        ("http://ann:secret@example.com/", "password"),
        ("http://example.com\\@127.0.0.1/", "backslash"),
        ("http://example.com:99999/", "port"),
        ("http:///path", "URL"),
        ("http://exa mple.com/", "no URL"),
        ("http://bücher.example/", "no URL"),
    ] {
        let error = Url::read(text).unwrap_err();
        assert!(error.contains(word), "{text}: {error}");
        assert!(!error.contains("secret"));
    }
}

/// RFC 3986, 5.4, as far as it is of HTTP.
#[test]
fn relative_urls_lead_where_the_standard_says() {
    let base = read("http://a/b/c/d;p?q");
    for (location, target) in [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g/"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q"),
        ("g#s", "http://a/b/c/g"),
        (";x", "http://a/b/c/;x"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../../../g", "http://a/g"),
        ("https://other:8443/x", "https://other:8443/x"),
        ("/a b/ü", "http://a/a%20b/%C3%BC"),
        ("/at:once", "http://a/at:once"),
    ] {
        assert_eq!(base.join(location).unwrap().text(), target, "{location}");
    }
    for location in [
        "mailto:ann@example.com",
        "javascript:alert(1)",
        "/\\evil",
        "http://a@b/",
    ] {
        assert!(base.join(location).is_err(), "{location}");
    }
}

#[test]
fn a_query_is_added_to_what_there_is() {
    assert_eq!(read("http://a").with_query("b=c").text(), "http://a/?b=c");
    assert_eq!(
        read("http://a/?x=y").with_query("b=c").text(),
        "http://a/?x=y&b=c"
    );
    assert_eq!(read("http://a/x").with_query("").text(), "http://a/x");
}
