use crate::template::regex::GoRegex;

#[track_caller]
fn check(pattern: &str, text: &str, expected: Option<&str>) {
    let regex = GoRegex::new(pattern.as_bytes()).expect(pattern);
    let found = regex.0.find(text.as_bytes()).map(|found| found.as_bytes());
    assert_eq!(found, expected.map(str::as_bytes), "{pattern}");
}

#[test]
fn matches_as_go_matches() {
    check(r"\d+", "٣ 42", Some("42"));
    check(r"\pL+", "1 héllo", Some("héllo"));
    check(r"\p{^Greek}", "αb", Some("b"));
    check(r"[[a&&b~~]+", "x[&&~", Some("[&&~"));
    check(r"\Qa.b\E+", "aXb a.bb", Some("a.bb"));
    check(r"x{,5}", "xx{,5}", Some("x{,5}"));
    check(r"(?i)straße", "STRAßE", Some("STRAßE"));
    check(r"[^\D]+", "ab12", Some("12"));
    check(r"\bß", "aß", Some("ß"));
    check(r"(?P<a>x)(?:y)(?U:z+)", "xyzz", Some("xyz"));
    check(r"[\]a-c\-]+", "z]-b", Some("]-b"));
}

#[test]
fn refuses_what_go_refuses() {
    for pattern in [
        "a**",
        "a+*",
        "(?=a)",
        "(?x)a",
        r"\1",
        r"\Z",
        "x{1001}",
        "x{3,2}",
        "[z-a]",
        "[[:nope:]]",
        "(",
        "a)",
        "*",
        r"\p{greek}",
        r"\y",
        "[a",
        r"\xZZ",
    ] {
        assert!(GoRegex::new(pattern.as_bytes()).is_err(), "{pattern}");
    }
}
