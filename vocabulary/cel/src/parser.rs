//! Tokens to an expression, by descent through the levels of precedence.
//!
//! Wrong texts are told of as upstream's generated parser does: one token too many is passed over, one that is missing
//! is thought to be there, and nothing more is told until a token fits again.

use crate::ast::{Call, Entry, Expr, Found, Item, Kind, Literal};
use crate::lexer::{Placed, Token, tokens, unescape};
use crate::macros;
use crate::problem::Problem;

/// As deep as parts may stand in each other.
const DEEPEST: usize = 250;

/// Words that may not be names.
pub(crate) const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

const STARTS: [&str; 15] = [
    "'['",
    "'{'",
    "'('",
    "'.'",
    "'-'",
    "'!'",
    "'true'",
    "'false'",
    "'null'",
    "NUM_FLOAT",
    "NUM_INT",
    "NUM_UINT",
    "STRING",
    "BYTES",
    "IDENTIFIER",
];

pub(crate) fn parse(text: &str, bindings: bool) -> Result<(Expr, usize), Vec<Problem>> {
    let (tokens, problems) = tokens(text);
    let mut parser = Parser { tokens, next: 0, depth: 0, ids: 0, recovering: false, problems, bindings };
    let expression = parser.expression();
    parser.end();
    match parser.problems.is_empty() {
        true => Ok((expression, parser.ids)),
        false => Err(parser.problems),
    }
}

pub(crate) struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    depth: usize,
    ids: usize,
    /// Something was wrong, and no token has fitted since.
    recovering: bool,
    problems: Vec<Problem>,
    /// Whether `cel.bind` is a macro here.
    pub bindings: bool,
}

type Level = &'static [(&'static str, &'static str)];

const LEVELS: [Level; 5] = [
    &[("||", "_||_")],
    &[("&&", "_&&_")],
    &[("==", "_==_"), ("!=", "_!=_"), ("<=", "_<=_"), (">=", "_>=_"), ("<", "_<_"), (">", "_>_"), ("in", "@in")],
    &[("+", "_+_"), ("-", "_-_")],
    &[("*", "_*_"), ("/", "_/_"), ("%", "_%_")],
];

/// The levels of `||` and `&&`.
const LOGIC: usize = 2;

impl Parser {
    pub fn make(&mut self, at: usize, kind: Kind) -> Expr {
        self.ids += 1;
        Expr { at, id: self.ids - 1, kind }
    }

    pub fn call(&mut self, at: usize, target: Option<Expr>, name: &str, arguments: Vec<Expr>) -> Expr {
        let (target, found) = (target.map(Box::new), Found::default());
        self.make(at, Kind::Call(Call { target, name: name.into(), arguments, found, constant: false }))
    }

    pub fn literal(&mut self, at: usize, literal: Literal) -> Expr {
        self.make(at, Kind::Literal(literal))
    }

    /// A problem with what the text means; an expression stands in for what it cannot become.
    pub fn refuse(&mut self, at: usize, why: impl Into<String>) -> Expr {
        self.problems.push(Problem::new(at, why));
        self.literal(at, Literal::Null)
    }

    fn placed(&self, ahead: usize) -> &Placed {
        &self.tokens[(self.next + ahead).min(self.tokens.len() - 1)]
    }

    fn at(&self) -> usize {
        self.placed(0).at
    }

    fn is(&self, ahead: usize, mark: &str) -> bool {
        matches!(self.placed(ahead).token, Token::Mark(known) if known == mark)
    }

    fn advance(&mut self) -> Placed {
        let found = self.placed(0).clone();
        self.next += 1;
        self.recovering = false;
        found
    }

    fn takes(&mut self, mark: &str) -> bool {
        let found = self.is(0, mark);
        if found {
            self.advance();
        }
        found
    }

    fn syntax_error(&mut self, why: &str, expecting: &str) {
        let Placed { at, text, .. } = self.placed(0).clone();
        if !self.recovering {
            self.problems.push(Problem::new(at, format!("Syntax error: {why} '{text}'{expecting}")));
        }
        self.recovering = true;
    }

    fn starts_expression(&self, ahead: usize) -> bool {
        match self.placed(ahead).token {
            Token::End | Token::Quoted => false,
            Token::Mark(mark) => matches!(mark, "[" | "{" | "(" | "." | "-" | "!" | "true" | "false" | "null"),
            _ => true,
        }
    }

    /// Passes over one mark too many, or stands still before one that is missing.
    fn expect(&mut self, mark: &str, may_be_missing: bool) {
        if self.takes(mark) {
            return;
        }
        let expecting = format!(" expecting '{mark}'");
        if self.is(1, mark) {
            self.syntax_error("extraneous input", &expecting);
            self.next += 1;
            self.advance();
        } else if may_be_missing && !self.recovering {
            let Placed { at, text, .. } = self.placed(0).clone();
            self.problems.push(Problem::new(at, format!("Syntax error: missing '{mark}' at '{text}'")));
            self.recovering = true;
        } else {
            self.syntax_error("mismatched input", &expecting);
        }
    }

    fn end(&mut self) {
        if self.placed(0).token == Token::End {
            return;
        }
        let why = if self.placed(1).token == Token::End { "extraneous input" } else { "mismatched input" };
        self.syntax_error(why, " expecting <EOF>");
    }

    /// What may follow a complete expression.
    fn may_follow(&self) -> bool {
        matches!(self.placed(0).token, Token::End | Token::Mark(")" | "]" | "}" | "," | ":" | "?"))
            || LEVELS.iter().any(|level| level.iter().any(|(mark, _)| self.is(0, mark)))
    }

    fn deeper(&mut self) -> bool {
        self.depth += 1;
        if self.depth == DEEPEST + 1 {
            self.refuse_depth();
        }
        self.depth <= DEEPEST
    }

    fn expression(&mut self) -> Expr {
        self.expression_among(&[])
    }

    /// `also` are marks that may stand where the expression begins.
    fn expression_among(&mut self, also: &[&str]) -> Expr {
        if !self.deeper() {
            self.depth -= 1;
            return self.literal(0, Literal::Null);
        }
        self.expect_start(also);
        let condition = self.binary(0);
        let at = self.at();
        let whole = if self.takes("?") {
            let yes = self.binary(0);
            let missing = self.starts_expression(0);
            self.expect(":", missing);
            let no = self.expression();
            self.call(at, None, "_?_:_", vec![condition, yes, no])
        } else {
            condition
        };
        self.depth -= 1;
        whole
    }

    fn expect_start(&mut self, also: &[&str]) {
        if self.starts_expression(0) {
            return;
        }
        let expecting = format!(" expecting {{{}}}", expected(also));
        let helps = self.starts_expression(1) || also.iter().any(|mark| self.is(1, mark));
        if helps && self.placed(0).token != Token::End {
            self.syntax_error("extraneous input", &expecting);
            self.next += 1;
        } else {
            self.syntax_error("mismatched input", &expecting);
        }
    }

    /// All that binds at least as tightly as a level, by climbing: deep nesting is to need few frames.
    fn binary(&mut self, level: usize) -> Expr {
        let mut left = self.unary();
        let mut length = 0;
        while let Some((found, operator)) = self.operator(level) {
            if found < LOGIC {
                left = self.logic(found, operator, left);
                continue;
            }
            let at = self.advance().at;
            self.expect_start(&[]);
            let right = self.binary(found + 1);
            left = self.call(at, None, operator, vec![left, right]);
            length += 1;
            if self.is_too_long(length) {
                break;
            }
        }
        left
    }

    /// However many terms there are, they do not stand deep in each other.
    fn logic(&mut self, level: usize, operator: &str, first: Expr) -> Expr {
        let mut terms = vec![Some(first)];
        let mut places = Vec::new();
        while self.operator(level).is_some_and(|(found, _)| found == level) {
            places.push(self.advance().at);
            self.expect_start(&[]);
            terms.push(Some(self.binary(level + 1)));
        }
        self.balanced(operator, &mut terms, &places)
    }

    fn balanced(&mut self, operator: &str, terms: &mut [Option<Expr>], places: &[usize]) -> Expr {
        if let [term] = terms {
            return term.take().unwrap_or_else(|| self.literal(0, Literal::Null));
        }
        let middle = terms.len().div_ceil(2);
        let (left, right) = terms.split_at_mut(middle);
        let (before, after) = places.split_at(middle - 1);
        let left = self.balanced(operator, left, before);
        let right = self.balanced(operator, right, &after[1..]);
        self.call(after[0], None, operator, vec![left, right])
    }

    /// A chain stands as deep as it is long.
    fn is_too_long(&mut self, length: usize) -> bool {
        let long = length > DEEPEST;
        if long {
            self.refuse_depth();
        }
        long
    }

    fn refuse_depth(&mut self) {
        let why = format!("expression recursion limit exceeded: {DEEPEST}");
        self.problems.push(Problem::new(0, why));
        self.next = self.tokens.len() - 1;
        self.recovering = true;
    }

    /// The operator that stands here, with its level, if that is this one or binds more tightly.
    fn operator(&self, least: usize) -> Option<(usize, &'static str)> {
        let Token::Mark(mark) = self.placed(0).token else { return None };
        let mut levels = LEVELS.iter().enumerate().skip(least);
        levels.find_map(|(level, known)| {
            known.iter().find(|(text, _)| *text == mark).map(|(_, operator)| (level, *operator))
        })
    }

    fn unary(&mut self) -> Expr {
        let (mark, operator) = match self.placed(0).token {
            Token::Mark("!") => ("!", "!_"),
            Token::Mark("-") if !self.is_negative_number() => ("-", "-_"),
            _ => return self.member(),
        };
        let at = self.at();
        let mut times = 0;
        while self.takes(mark) {
            times += 1;
        }
        if !self.starts_expression(0) {
            self.syntax_error("extraneous input", &format!(" expecting {{{}}}", expected(&[])));
        }
        let inner = self.member();
        if times % 2 == 0 { inner } else { self.call(at, None, operator, vec![inner]) }
    }

    fn is_negative_number(&self) -> bool {
        self.is(0, "-") && matches!(self.placed(1).token, Token::Int(_) | Token::Double(_))
    }

    fn member(&mut self) -> Expr {
        let mut of = self.primary();
        let mut length = 0;
        loop {
            let at = self.at();
            length += 1;
            if self.is_too_long(length) {
                return of;
            }
            if self.is(0, ".") {
                match self.field(of, at) {
                    Ok(found) => of = found,
                    Err(found) => return found,
                }
            } else if self.takes("[") {
                let optional = self.takes("?");
                let by = if optional { self.expression() } else { self.expression_among(&["?"]) };
                let missing = self.may_follow();
                self.expect("]", missing);
                let operator = if optional { "_[?_]" } else { "_[_]" };
                of = self.call(at, None, operator, vec![of, by]);
            } else {
                return of;
            }
        }
    }

    /// What is selected of `of`; or `of` itself where no name follows the dot.
    fn field(&mut self, of: Expr, at: usize) -> Result<Expr, Expr> {
        let optional = self.is(1, "?");
        let name = self.placed(1 + usize::from(optional)).clone();
        match (name.token, optional) {
            (Token::Ident(field), _) => {
                self.next += 1 + usize::from(optional);
                self.advance();
                Ok(self.selected(of, field, optional, (at, name.at)))
            }
            (Token::Quoted, _) => {
                self.next += 1 + usize::from(optional);
                self.advance();
                Ok(self.refuse(name.at, "unsupported syntax: '`'"))
            }
            (_, true) => {
                self.next += 2;
                self.syntax_error("mismatched input", " expecting {IDENTIFIER, ESC_IDENTIFIER}");
                self.problems.push(Problem::new(name.at, "unsupported ident kind"));
                Err(of)
            }
            (_, false) => {
                let dot = self.placed(0).text.clone();
                self.next += 1;
                let text = if name.text == "<EOF>" { "" } else { name.text.as_str() };
                let why = format!("Syntax error: no viable alternative at input '{dot}{text}'");
                if !self.recovering {
                    self.problems.push(Problem::new(name.at, why));
                }
                self.recovering = true;
                Err(of)
            }
        }
    }

    fn selected(&mut self, of: Expr, field: String, optional: bool, (at, name_at): (usize, usize)) -> Expr {
        if optional {
            let field = self.literal(name_at, Literal::Text(field));
            return self.call(at, None, "_?._", vec![of, field]);
        }
        let open = self.at();
        if !self.takes("(") {
            return self.make(at, Kind::Select { of: Box::new(of), field, test: false });
        }
        let arguments = self.arguments();
        macros::expand(self, open, Some(of), &field, arguments)
    }

    /// Expressions up to the end of a call.
    fn arguments(&mut self) -> Vec<Expr> {
        let mut all = Vec::new();
        if self.takes(")") {
            return all;
        }
        if !self.starts_expression(0) && self.is(1, ")") {
            self.expect_start(&[")"]);
            self.advance();
            return all;
        }
        all.push(self.expression_among(&[")"]));
        while self.takes(",") {
            all.push(self.expression());
        }
        let missing = self.may_follow();
        self.expect(")", missing);
        all
    }

    fn primary(&mut self) -> Expr {
        let at = self.at();
        if self.takes("(") {
            let inner = self.expression();
            let missing = self.may_follow();
            self.expect(")", missing);
            return inner;
        }
        if self.takes("[") {
            return self.list(at);
        }
        if self.takes("{") {
            return self.map(at);
        }
        if self.is(0, ".") {
            return self.rooted();
        }
        if self.is(0, "-") {
            self.advance();
            return self.number("-", at);
        }
        match &self.placed(0).token {
            Token::Int(_) | Token::Uint(_) | Token::Double(_) => self.number("", at),
            Token::Text { .. } | Token::Bytes { .. } => self.text(at),
            Token::Ident(name) => {
                let name = name.clone();
                self.advance();
                self.named(&name, "", at)
            }
            Token::Mark(word @ ("true" | "false")) => {
                let literal = Literal::Bool(*word == "true");
                self.advance();
                self.literal(at, literal)
            }
            Token::Mark("null") => {
                self.advance();
                self.literal(at, Literal::Null)
            }
            _ => {
                self.syntax_error("mismatched input", &format!(" expecting {{{}}}", expected(&[])));
                self.literal(at, Literal::Null)
            }
        }
    }

    /// A name that is looked for from the root; there is no other place.
    fn rooted(&mut self) -> Expr {
        self.advance();
        let Placed { at, token, .. } = self.placed(0).clone();
        match token {
            Token::Ident(name) => {
                self.advance();
                self.named(&name, ".", at)
            }
            _ => {
                self.syntax_error("mismatched input", " expecting IDENTIFIER");
                self.literal(at, Literal::Null)
            }
        }
    }

    fn number(&mut self, sign: &str, at: usize) -> Expr {
        let token = self.advance().token;
        let literal = match token {
            Token::Int(text) => {
                let (digits, radix) = digits(&text);
                i64::from_str_radix(&format!("{sign}{digits}"), radix).map(Literal::Int).map_err(|_| "int")
            }
            Token::Uint(text) => {
                let (digits, radix) = digits(&text);
                u64::from_str_radix(digits, radix).map(Literal::Uint).map_err(|_| "uint")
            }
            Token::Double(text) => match format!("{sign}{text}").parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Literal::Double(number)),
                _ => Err("double"),
            },
            _ => Err("int"),
        };
        match literal {
            Ok(literal) => self.literal(at, literal),
            Err(kind) => self.refuse(at, format!("invalid {kind} literal")),
        }
    }

    fn text(&mut self, at: usize) -> Expr {
        let (body, raw, bytes) = match self.advance().token {
            Token::Text { raw, body } => (body, raw, false),
            Token::Bytes { raw, body } => (body, raw, true),
            _ => return self.literal(at, Literal::Null),
        };
        match (unescape(&body, raw, bytes), bytes) {
            (Ok(octets), true) => self.literal(at, Literal::Bytes(octets)),
            (Ok(octets), false) => self.literal(at, Literal::Text(String::from_utf8_lossy(&octets).into_owned())),
            (Err(why), _) => self.refuse(at, why),
        }
    }

    fn named(&mut self, name: &str, root: &str, at: usize) -> Expr {
        if RESERVED.contains(&name) {
            return self.refuse(at, format!("reserved identifier: {name}"));
        }
        if let Some(message) = self.message(name) {
            return message;
        }
        let open = self.at();
        if !self.takes("(") {
            return self.make(at, Kind::Ident(format!("{root}{name}")));
        }
        let arguments = self.arguments();
        macros::expand(self, open, None, &format!("{root}{name}"), arguments)
    }

    /// `a.b.C{field: value}`
    fn message(&mut self, first: &str) -> Option<Expr> {
        let (mut name, mut ahead) = (first.to_string(), 0);
        while self.is(ahead, ".") {
            let Token::Ident(part) = &self.placed(ahead + 1).token else { return None };
            name = format!("{name}.{part}");
            ahead += 2;
        }
        if !self.is(ahead, "{") {
            return None;
        }
        self.next += ahead;
        let at = self.advance().at;
        let values = self.fields();
        Some(self.make(at, Kind::Struct { name, values }))
    }

    fn fields(&mut self) -> Vec<Expr> {
        let mut values = Vec::new();
        while !self.takes("}") && self.placed(0).token != Token::End {
            self.takes("?");
            self.advance();
            self.expect(":", true);
            values.push(self.expression());
            if !self.takes(",") {
                self.expect("}", true);
                break;
            }
        }
        values
    }

    fn list(&mut self, at: usize) -> Expr {
        let mut items = Vec::new();
        while !self.takes("]") {
            if self.ends_early(&items, "]") {
                break;
            }
            let optional = self.takes("?");
            items.push(Item { value: self.expression_among(&["]"]), optional });
            if !self.takes(",") {
                self.close("]");
                break;
            }
        }
        self.make(at, Kind::List { items })
    }

    fn map(&mut self, at: usize) -> Expr {
        let mut entries = Vec::new();
        while !self.takes("}") {
            if self.ends_early(&entries, "}") {
                break;
            }
            let optional = self.takes("?");
            let key = self.expression_among(&["}"]);
            let missing = self.starts_expression(0);
            self.expect(":", missing);
            if self.recovering && !missing {
                if self.takes(",") {
                    self.expect("}", false);
                }
                break;
            }
            entries.push(Entry { key, value: self.expression(), optional });
            if !self.takes(",") {
                self.close("}");
                break;
            }
        }
        self.make(at, Kind::Map { entries })
    }

    /// After a comma only the end may stand where no further item does.
    fn ends_early<T>(&mut self, before: &[T], mark: &str) -> bool {
        let early = !before.is_empty() && !self.starts_expression(0) && !self.is(0, "?");
        if early {
            self.expect(mark, false);
        }
        early
    }

    fn close(&mut self, mark: &str) {
        if self.takes(mark) {
            return;
        }
        if self.is(1, mark) {
            return self.expect(mark, false);
        }
        self.syntax_error("mismatched input", &format!(" expecting {{'{mark}', ','}}"));
    }
}

/// The tokens that an expression may begin with, and others, in upstream's order of tokens.
fn expected(also: &[&str]) -> String {
    const ORDER: [&str; 10] = ["'['", "']'", "'{'", "'}'", "'('", "')'", "'.'", "'-'", "'!'", "'?'"];
    let quoted: Vec<String> = also.iter().map(|mark| format!("'{mark}'")).collect();
    let holds = |mark: &&str| STARTS.contains(mark) || quoted.iter().any(|known| known == mark);
    let marks = ORDER.iter().copied().filter(holds);
    marks.chain(STARTS[6..].iter().copied()).collect::<Vec<_>>().join(", ")
}

fn digits(text: &str) -> (&str, u32) {
    text.strip_prefix("0x").map_or((text, 10), |rest| (rest, 16))
}
