//! Feeds: a parameter is the same however a client writes it, and a path leads where it says.

use std::rc::Rc;

use onehook::feed::parameters::Parameters;
use onehook::feed::relay::{Target, replaced};
use onehook::request::Request;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fuzzing::doors::encoded;
use crate::fuzzing::stage::{Bytes, Stage};
use crate::properties::given;

/// The parameters of a `POST`, with a query, or a body of some type.
fn read(query: &str, content_type: &str, body: &str) -> Parameters {
    let stage: Rc<Stage> = Stage::new(b"", b"");
    let request = Request {
        method: "POST".to_owned(),
        query: query.to_owned(),
        headers: vec![("content-type", content_type.to_owned())],
        ..Request::default()
    };
    let body = Bytes(body.as_bytes().to_vec(), stage.clone());
    stage.wait(Parameters::read(&request, body)).unwrap()
}

/// A form of several parts, as clients write one.
fn form(parameters: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    parameters.iter().map(part).collect::<String>() + "--b0undary--\r\n"
}

/// A text that is not empty, and of one line for forms of several parts.
fn line() -> impl Strategy<Value = String> {
    given::text().prop_map(|text| text.replace("\r\n", " ") + ".")
}

proptest! {
    #[test]
    fn a_parameter_is_the_same_however_it_is_written(
        name in "[a-z_]{1,16}", value in line(), other in "[A-Z]{1,9}", all in any::<bool>(), is_first in any::<bool>(),
    ) {
        let mut parameters = [(other.as_str(), "1"), (name.as_str(), value.as_str())];
        if is_first {
            parameters.reverse();
        }
        let pairs = parameters.map(|(name, value)| format!("{}={}", encoded(name, all), encoded(value, all)));
        let pairs = pairs.join("&");
        for read in [
            read(&pairs, "", ""),
            read("", "application/x-www-form-urlencoded", &pairs),
            read("", "", &pairs),
            read("", "application/json", &json!({&name: &value, &other: 1}).to_string()),
            read("", "multipart/form-data; boundary=b0undary", &form(&parameters)),
        ] {
            prop_assert_eq!(read.text(&name), Some(value.clone()), "{:?}", read);
            prop_assert_eq!(read.text(&other), Some("1".to_owned()), "{:?}", read);
            prop_assert_eq!(read.text("neither"), None);
        }
    }

    #[test]
    fn the_query_comes_before_the_body(name in "[a-z]{1,9}", one in "[a-z]{1,9}", other in "[a-z]{1,9}") {
        let read = read(&format!("{name}={one}"), "application/json", &json!({&name: other}).to_string());
        prop_assert_eq!(read.text(&name), Some(one));
    }

    #[test]
    fn a_value_of_json_that_is_no_text_stays_json(value in given::value()) {
        let read = read("", "Application/JSON", &json!({"offset": value}).to_string());
        let text = read.text("offset");
        match &value {
            Value::Null => prop_assert_eq!(text, None),
            Value::String(value) => prop_assert_eq!(text.as_ref(), Some(value)),
            value => prop_assert_eq!(text, Some(value.to_string())),
        }
    }

    #[test]
    fn a_number_is_its_digits_and_whatever_else_is_there_is_nothing(number in any::<i64>(), behind in "|[a-z .-][0-9a-z]{0,9}") {
        prop_assume!(number > i64::MIN);
        let read = |text: &str| read(&format!("offset={}", encoded(text, false)), "", "").integer("offset");
        prop_assert_eq!(read(&format!("{number}{behind}")), Some(number));
        prop_assert_eq!(read(&format!("x{number}")), Some(0));
        prop_assert_eq!(read(&format!("{}{number}", i64::MAX)).map(i64::abs), Some(i64::MAX));
    }

    #[test]
    fn a_path_leads_to_the_feed_and_the_method_that_it_names(
        name in "[a-z0-9_-]{1,32}", token in "[0-9]{1,12}:[0-9a-f]{64}", method in "[A-Za-z]{1,30}", behind in "[/.%;~0-9 -]{1,3}",
    ) {
        let path = format!("/feed/{name}/bot{token}/{method}");
        let target = Target::of(&path).unwrap();
        prop_assert_eq!((target.name, target.token, target.method()), (&*name, &*token, Some(&*method)));
        for bad in [path.clone() + &behind, path.replacen("/feed", "/feeds", 1)] {
            prop_assert_eq!(Target::of(&bad), None);
        }
        let path = format!("/feed/{name}/file/bot{token}/{method}/{name}.jpg");
        let target = Target::of(&path).unwrap();
        prop_assert_eq!((target.name, target.token, target.method()), (&*name, &*token, None));
    }

    #[test]
    fn no_file_lies_outside_of_the_bots_own(
        parts in prop::collection::vec("[a-z]{1,3}|\\.{1,3}|%2[eE]|%2[fF]|%5[cC]|%25|\\\\|%", 1..6),
    ) {
        let file = parts.join("/");
        let path = format!("/feed/echo/file/bot1:a/{file}");
        let is_plain = |part: &String| part.bytes().all(|byte| byte.is_ascii_lowercase()) || part == "...";
        // A point that is written as a number is a point, and one that is written so alone is this folder.
        prop_assert_eq!(Target::of(&path).is_some(), parts.iter().all(|part| is_plain(part) || matches!(&**part, "%2f" | "%2F")));
    }

    #[test]
    fn what_is_replaced_is_what_the_standard_library_replaces(text in "[ab:]{0,30}", part in "[ab:]{1,3}", other in given::text()) {
        prop_assert_eq!(replaced(&text, &part, &other), text.replace(&part, &other));
    }
}
