//! Our own vectors, in the form of JSON-Schema-Test-Suite: what a clone without the public suite is tested with.

/// Groups of a schema and values that keep to it or not.
pub(super) const VECTORS: &str = r#"[
{"description": "a least number", "schema": {"minimum": 1.1}, "tests": [
  {"description": "above", "data": 2.6, "valid": true},
  {"description": "equal", "data": 1.1, "valid": true},
  {"description": "below", "data": 0.6, "valid": false},
  {"description": "no number", "data": "x", "valid": true}]},
{"description": "a least number of 64 bits", "schema": {"minimum": 9007199254740993}, "tests": [
  {"description": "equal", "data": 9007199254740993, "valid": true},
  {"description": "what a float would take for it", "data": 9007199254740992, "valid": false}]},
{"description": "a negative least number", "schema": {"minimum": -2}, "tests": [
  {"description": "zero", "data": 0, "valid": true},
  {"description": "equal as a float", "data": -2.0, "valid": true},
  {"description": "a little below", "data": -2.0001, "valid": false}]},
{"description": "a greatest number", "schema": {"maximum": 300}, "tests": [
  {"description": "below", "data": 299.97, "valid": true},
  {"description": "equal", "data": 300, "valid": true},
  {"description": "above", "data": 300.5, "valid": false},
  {"description": "far above", "data": 1e300, "valid": false}]},
{"description": "the greatest of 64 bits", "schema": {"maximum": 18446744073709551614}, "tests": [
  {"description": "equal", "data": 18446744073709551614, "valid": true},
  {"description": "one above", "data": 18446744073709551615, "valid": false}]},
{"description": "more than", "schema": {"exclusiveMinimum": 0}, "tests": [
  {"description": "more", "data": 0.001, "valid": true},
  {"description": "equal", "data": 0, "valid": false},
  {"description": "negative zero", "data": -0.0, "valid": false},
  {"description": "less", "data": -1, "valid": false}]},
{"description": "less than", "schema": {"exclusiveMaximum": 3.0}, "tests": [
  {"description": "less", "data": 2.99, "valid": true},
  {"description": "equal", "data": 3, "valid": false},
  {"description": "more", "data": 3.01, "valid": false},
  {"description": "null", "data": null, "valid": true}]},
{"description": "multiples", "schema": {"multipleOf": 0.01}, "tests": [
  {"description": "zero", "data": 0, "valid": true},
  {"description": "what floats get wrong", "data": 4.35, "valid": true},
  {"description": "not", "data": 4.355, "valid": false},
  {"description": "large", "data": 1e308, "valid": true}]},
{"description": "multiples of an integer", "schema": {"multipleOf": 3}, "tests": [
  {"description": "beyond 2^53", "data": 9007199254740993, "valid": true},
  {"description": "one less", "data": 9007199254740992, "valid": false},
  {"description": "negative", "data": -6, "valid": true}]},
{"description": "a least length", "schema": {"minLength": 2}, "tests": [
  {"description": "equal", "data": "fo", "valid": true},
  {"description": "shorter", "data": "f", "valid": false},
  {"description": "one character of four bytes", "data": "\ud83d\udca9", "valid": false},
  {"description": "no text", "data": [1], "valid": true}]},
{"description": "a greatest length", "schema": {"maxLength": 2}, "tests": [
  {"description": "equal", "data": "\ud83d\udca9\u00e4", "valid": true},
  {"description": "longer", "data": "foo", "valid": false},
  {"description": "escapes are characters", "data": "\n\"", "valid": true}]},
{"description": "a pattern", "schema": {"pattern": "^a*$"}, "tests": [
  {"description": "matches", "data": "aaa", "valid": true},
  {"description": "does not", "data": "abc", "valid": false},
  {"description": "a line end is a character", "data": "aaa\n", "valid": false},
  {"description": "no text", "data": 1, "valid": true}]},
{"description": "a pattern is found anywhere", "schema": {"pattern": "[b-d]\\d"}, "tests": [
  {"description": "inside", "data": "xxc7yy", "valid": true},
  {"description": "nowhere", "data": "a7", "valid": false},
  {"description": "digits of other scripts are none", "data": "c\u0667", "valid": false}]},
{"description": "a dot", "schema": {"pattern": "^.$"}, "tests": [
  {"description": "any character", "data": "\ud83d\udca9", "valid": true},
  {"description": "no carriage return", "data": "\r", "valid": false},
  {"description": "no line separator", "data": "\u2028", "valid": false}]},
{"description": "blanks", "schema": {"pattern": "^\\s\\S$"}, "tests": [
  {"description": "a byte order mark is one", "data": "\ufeffx", "valid": true},
  {"description": "a no-break space is one", "data": "\u00a0x", "valid": true},
  {"description": "the next line is none", "data": "\u0085x", "valid": false}]},
{"description": "words", "schema": {"pattern": "^\\w+\\b$"}, "tests": [
  {"description": "letters", "data": "a_9", "valid": true},
  {"description": "letters of other scripts are none", "data": "\u00e4", "valid": false}]},
{"description": "few items", "schema": {"minItems": 1}, "tests": [
  {"description": "enough", "data": [1], "valid": true},
  {"description": "none", "data": [], "valid": false},
  {"description": "no list", "data": "", "valid": true}]},
{"description": "many items", "schema": {"maxItems": 2}, "tests": [
  {"description": "equal", "data": [[1, 2, 3], {}], "valid": true},
  {"description": "more", "data": [1, 2, 3], "valid": false},
  {"description": "an object is no list", "data": {"a": 1, "b": 2, "c": 3}, "valid": true}]},
{"description": "unique items", "schema": {"uniqueItems": true}, "tests": [
  {"description": "different", "data": [1, "1", true, [1], {"a": 1}], "valid": true},
  {"description": "the same number", "data": [1, 1.0], "valid": false},
  {"description": "the same object", "data": [{"a": 1, "b": 2}, {"b": 2, "a": 1.0}], "valid": false},
  {"description": "zero and false", "data": [0, false], "valid": true},
  {"description": "nested zero and false", "data": [[[0], "x"], [[false], "x"]], "valid": true},
  {"description": "beyond 2^53", "data": [9007199254740992, 9007199254740993], "valid": true},
  {"description": "the same lists", "data": [["a"], ["b"], ["a"]], "valid": false}]},
{"description": "values", "schema": {"enum": [6, "foo", [], true, {"foo": 12}, null]}, "tests": [
  {"description": "one of them", "data": "foo", "valid": true},
  {"description": "null", "data": null, "valid": true},
  {"description": "the same number", "data": 6.0, "valid": true},
  {"description": "none of them", "data": 4, "valid": false},
  {"description": "an object with more", "data": {"foo": 12, "boo": 42}, "valid": false}]},
{"description": "dates", "schema": {"format": "date"}, "tests": [
  {"description": "a leap day", "data": "2024-02-29", "valid": true},
  {"description": "no leap day", "data": "2023-02-29", "valid": false},
  {"description": "a century", "data": "1900-02-29", "valid": false},
  {"description": "four centuries", "data": "2000-02-29", "valid": true},
  {"description": "the 31st of April", "data": "2020-04-31", "valid": false},
  {"description": "no zeros", "data": "1998-1-20", "valid": false},
  {"description": "digits of other scripts", "data": "1963-06-1\u09ea", "valid": false}]},
{"description": "times", "schema": {"format": "time"}, "tests": [
  {"description": "in UTC", "data": "08:30:06.283185Z", "valid": true},
  {"description": "no offset", "data": "08:30:06", "valid": false},
  {"description": "a leap second", "data": "15:59:60-08:00", "valid": true},
  {"description": "a leap second at noon", "data": "12:00:60Z", "valid": false},
  {"description": "an empty fraction", "data": "08:30:06.Z", "valid": false},
  {"description": "hour 24", "data": "24:00:00Z", "valid": false}]},
{"description": "dates and times", "schema": {"format": "date-time"}, "tests": [
  {"description": "in UTC", "data": "1963-06-19T08:30:06Z", "valid": true},
  {"description": "small letters", "data": "1963-06-19t08:30:06z", "valid": true},
  {"description": "a blank", "data": "1963-06-19 08:30:06Z", "valid": false},
  {"description": "an offset of a day", "data": "1990-12-31T15:59:59-24:00", "valid": false}]},
{"description": "mailboxes", "schema": {"format": "email"}, "tests": [
  {"description": "plain", "data": "joe.bloggs@example.com", "valid": true},
  {"description": "quoted", "data": "\"joe bloggs\"@example.com", "valid": true},
  {"description": "a literal", "data": "joe@[127.0.0.1]", "valid": true},
  {"description": "two dots", "data": "te..st@example.com", "valid": false},
  {"description": "no at", "data": "2962", "valid": false},
  {"description": "no such domain", "data": "joe@invalid=domain.com", "valid": false}]},
{"description": "hosts", "schema": {"format": "hostname"}, "tests": [
  {"description": "plain", "data": "www.example.com", "valid": true},
  {"description": "a digit first", "data": "1host", "valid": true},
  {"description": "a hyphen first", "data": "-host", "valid": false},
  {"description": "an underscore", "data": "not_valid", "valid": false},
  {"description": "empty", "data": "", "valid": false},
  {"description": "a long label", "data": "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl", "valid": false}]},
{"description": "four numbers", "schema": {"format": "ipv4"}, "tests": [
  {"description": "plain", "data": "192.168.0.1", "valid": true},
  {"description": "a leading zero", "data": "087.10.0.1", "valid": false},
  {"description": "too large", "data": "256.1.1.1", "valid": false},
  {"description": "three", "data": "127.0.1", "valid": false}]},
{"description": "eight groups", "schema": {"format": "ipv6"}, "tests": [
  {"description": "short", "data": "::1", "valid": true},
  {"description": "four numbers at the end", "data": "1::d6:192.168.0.1", "valid": true},
  {"description": "a zone", "data": "fe80::a%eth1", "valid": false},
  {"description": "two gaps", "data": "1::d6::42", "valid": false}]},
{"description": "URIs", "schema": {"format": "uri"}, "tests": [
  {"description": "plain", "data": "http://foo.bar/?baz=qux#quux", "valid": true},
  {"description": "an address", "data": "http://[2001:db8::7]:80/c=GB?objectClass?one", "valid": true},
  {"description": "no authority", "data": "urn:oasis:names:x", "valid": true},
  {"description": "relative", "data": "/abc", "valid": false},
  {"description": "a blank", "data": "http:// should fail", "valid": false},
  {"description": "half a byte", "data": "https://example.org/foobar%4", "valid": false},
  {"description": "a port of letters", "data": "http://example.org:ab/", "valid": false}]},
{"description": "UUIDs", "schema": {"format": "uuid"}, "tests": [
  {"description": "capitals", "data": "2EB8AA08-AA98-11EA-B4AA-73B441D16380", "valid": true},
  {"description": "no hyphens", "data": "2eb8aa08aa9811eab4aa73b441d16380", "valid": false},
  {"description": "too long", "data": "2eb8aa08-aa98-11ea-b4aa-73b441d163800", "valid": false},
  {"description": "no hex", "data": "2eb8aa08-aa98-11ea-b4ga-73b441d16380", "valid": false}]}
]"#;
