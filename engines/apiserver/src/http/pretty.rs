//! JSON for people: who asks with a browser or by hand gets it indented, as from upstream.

use super::piece::Piece;
use super::query::Query;
use super::respond::{self, Response};
use bytes::Buf;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::BodyExt;
use hyper::body::Body as _;

/// Programs that people sit before.
const BY_HAND: [&str; 3] = ["curl", "Wget", "Mozilla/5.0"];

pub fn wanted(query: &Query, agent: &str) -> bool {
    match query.get("pretty") {
        None | Some("") => BY_HAND.iter().any(|program| agent.starts_with(program)),
        Some(wish) => matches!(wish, "1" | "t" | "T" | "true" | "TRUE" | "True"),
    }
}

/// The same answer indented, where it is one of JSON that can still be read.
pub async fn indented(response: Response) -> Response {
    let headers = response.headers();
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|media| media == "application/json");
    if !is_json || headers.contains_key(CONTENT_ENCODING) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let (mut indent, is_whole) = (Indent::default(), body.size_hint().exact().is_some());
    let body = body.map_frame(move |frame| frame.map_data(|piece| Piece::from(indent.all(piece)))).boxed_unsync();
    let body = match is_whole {
        true => match body.collect().await {
            Ok(whole) => respond::whole(whole.to_bytes()),
            Err(never) => match never {},
        },
        false => body,
    };
    Response::from_parts(parts, body)
}

/// Where a text is, of which a part after the other comes by.
#[derive(Default)]
struct Indent {
    depth: usize,
    /// Nothing stands yet between the last bracket and here.
    opened: bool,
    in_string: bool,
    escaped: bool,
}

impl Indent {
    fn all(&mut self, mut piece: impl Buf) -> Vec<u8> {
        let mut out = Vec::with_capacity(piece.remaining() * 2);
        while piece.has_remaining() {
            let slice = piece.chunk();
            slice.iter().for_each(|byte| self.byte(*byte, &mut out));
            let count = slice.len();
            piece.advance(count);
        }
        out
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.in_string {
            self.in_string = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return out.push(byte);
        }
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => return,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if !std::mem::take(&mut self.opened) {
                    self.line(out);
                }
            }
            _ if std::mem::take(&mut self.opened) => self.line(out),
            _ => {}
        }
        out.push(byte);
        match byte {
            b'{' | b'[' => (self.depth, self.opened) = (self.depth + 1, true),
            b',' => self.line(out),
            b':' => out.push(b' '),
            b'"' => self.in_string = true,
            _ => {}
        }
    }

    fn line(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
        out.resize(out.len() + 2 * self.depth, b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_in_any_parts_is_indented_as_a_whole_one() {
        for value in [
            serde_json::json!({}),
            serde_json::json!([]),
            serde_json::json!({"a": {}, "b": [], "c": [[], {}, [1, -2.5e3]], "d": {"e": {"f": null}}}),
            serde_json::json!({"quote\"{[,:": "back\\slash\\", "tab\t": "}]\"", "x": [true, false]}),
            serde_json::json!("alone"),
        ] {
            let (plain, expect) = (format!("{value}\n"), serde_json::to_string_pretty(&value).unwrap());
            for step in [1, 2, 5, plain.len()] {
                let mut indent = Indent::default();
                let parts = plain.as_bytes().chunks(step).map(|part| indent.all(part));
                assert_eq!(String::from_utf8(parts.collect::<Vec<_>>().concat()).unwrap(), expect);
            }
        }
    }

    #[test]
    fn a_wish_counts_more_than_the_program() {
        for (query, agent, expect) in [
            ("", "curl/8.5.0", true),
            ("", "Mozilla/5.0 (X11)", true),
            ("", "kubectl/v1.35.4", false),
            ("", "", false),
            ("pretty", "Wget/1", true),
            ("pretty=false", "curl/8.5.0", false),
            ("pretty=x", "curl/8.5.0", false),
            ("pretty=true", "kubectl/v1.35.4", true),
            ("pretty=1", "", true),
        ] {
            assert_eq!(wanted(&Query::parse(Some(query)), agent), expect, "{query} {agent}");
        }
    }
}
