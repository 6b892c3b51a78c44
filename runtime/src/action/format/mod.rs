//! What texts can be: `#[param(format = "..")]`. Each is a constant of its own, so that only those in use are linked.

mod address;
mod mail;
mod time;
mod uri;

/// What a text is.
#[derive(Debug)]
pub struct Format {
    /// What schemas call it.
    pub(crate) name: &'static str,
    /// What faults call it.
    pub(crate) what: &'static str,
    pub(crate) example: &'static str,
    pub(crate) check: fn(&str) -> bool,
}

macro_rules! formats {
    ($($(#[$docs:meta])* $constant:ident $name:literal $what:literal $example:literal $check:path;)*) => {
        $(
            $(#[$docs])*
            pub const $constant: Format = Format {
                name: $name,
                what: $what,
                example: $example,
                check: $check,
            };
        )*

        /// All of them, for tests.
        #[cfg(test)]
        pub(crate) const ALL: &[&Format] = &[$(&$constant),*];
    };
}

formats! {
    /// A date of the calendar (RFC 3339 `full-date`).
    DATE "date" "a date" "2026-02-28" time::is_date;
    /// A date and a time with its offset (RFC 3339).
    DATE_TIME "date-time" "a date and time with its offset" "2026-02-28T12:30:00Z" time::is_date_time;
    /// A mailbox (RFC 5321).
    EMAIL "email" "an e-mail address" "ada@example.org" mail::is_email;
    /// A name of a host (RFC 1123).
    HOSTNAME "hostname" "a host name" "www.example.org" address::is_hostname;
    /// An address of four numbers (RFC 2673).
    IPV4 "ipv4" "an IPv4 address" "192.0.2.1" address::is_ipv4;
    /// An address without a zone (RFC 4291).
    IPV6 "ipv6" "an IPv6 address" "2001:db8::1" address::is_ipv6;
    /// A time with its offset (RFC 3339 `full-time`).
    TIME "time" "a time with its offset" "12:30:00Z" time::is_time;
    /// A URI with its scheme (RFC 3986).
    URI "uri" "a URI with its scheme" "https://example.org/" uri::is_uri;
    /// 32 hex digits in five groups (RFC 9562).
    UUID "uuid" "a UUID" "123e4567-e89b-12d3-a456-426614174000" is_uuid;
}

fn is_uuid(text: &str) -> bool {
    let groups: [usize; 5] = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    groups.iter().all(|&length| {
        let part = parts.next().unwrap_or_default();
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    }) && parts.next().is_none()
}
