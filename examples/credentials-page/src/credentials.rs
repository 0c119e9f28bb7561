//! The form of the file: lines of `name="value"`.

/// The database settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) connection: String,
    pub(crate) user: String,
    pub(crate) password: String,
    /// The version of the settings, where the file says it.
    pub(crate) version: Option<String>,
}

/// Reads the file's text.
///
/// A value is all between the first and the last quote of its line, so a password may hold quotes.
pub(crate) fn parse(text: &str) -> Result<Credentials, String> {
    let value = |name: &str| {
        text.lines().find_map(|line| {
            let (found, value) = line.split_once('=')?;
            (found.trim() == name).then(|| unquoted(value.trim()).to_owned())
        })
    };
    let required = |name: &str| value(name).ok_or_else(|| format!("it has no line {name}=\"…\""));
    Ok(Credentials {
        connection: required("db_con")?,
        user: required("db_user")?,
        password: required("db_password")?,
        version: value("db_version"),
    })
}

fn unquoted(value: &str) -> &str {
    value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_lines_in_any_order_and_ignores_others() {
        let text = "# mysql\n\n db_user=\"app\"\ndb_password=\"p\"w=$\\\"\ndb_con=\"jdbc:mysql://db:3306/app?a=b&c=d\"\nother=\"x\"\n";
        let expected = Credentials {
            connection: "jdbc:mysql://db:3306/app?a=b&c=d".to_owned(),
            user: "app".to_owned(),
            password: "p\"w=$\\".to_owned(),
            version: None,
        };
        assert_eq!(parse(text), Ok(expected));
    }

    #[test]
    fn shows_a_version_where_there_is_one() {
        let text = "db_con=a\ndb_user=\"\"\ndb_password=c\ndb_version=\"7\"";
        let credentials = parse(text).expect("complete");
        assert_eq!(credentials.version.as_deref(), Some("7"));
        assert_eq!(credentials.user, "");
    }

    #[test]
    fn names_the_line_that_is_missing_and_no_value() {
        let message = parse("db_con=\"a\"\ndb_password=\"hunter2\"").expect_err("incomplete");
        assert_eq!(message, "it has no line db_user=\"…\"");
    }
}
