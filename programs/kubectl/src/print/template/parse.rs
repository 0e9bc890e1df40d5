//! A template's text as a tree.

use super::functions;
use meta::Value;

#[derive(Debug)]
pub enum Node {
    Text(String),
    /// A pipeline; with variables it is set and not shown.
    Show(Pipe),
    If(Pipe, Vec<Node>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Pipe, Vec<Node>, Vec<Node>),
    Break,
    Continue,
}

#[derive(Debug, Default)]
pub struct Pipe {
    pub variables: Vec<String>,
    /// `:=` rather than `=`
    pub declares: bool,
    pub commands: Vec<Vec<Term>>,
}

#[derive(Debug)]
pub enum Term {
    Literal(Value),
    /// What the dot, a variable or a pipeline in parentheses is, and a path from there.
    Path(Base, Vec<String>),
    Function(String),
}

#[derive(Debug)]
pub enum Base {
    Dot,
    Variable(String),
    Pipe(Box<Pipe>),
}

pub fn parse(text: &str) -> Result<Vec<Node>, String> {
    let mut pieces = pieces(text)?.into_iter();
    let (nodes, end) = block(&mut pieces)?;
    let last = line_of(text, text.len());
    match end {
        End::Text => Ok(nodes),
        End::Block => Err(placed(last, "unexpected {{end}}")),
        End::Else(_) => Err(placed(last, "unexpected {{else}}")),
    }
}

enum Piece {
    Text(String),
    /// With the line that it begins in.
    Action(Vec<Token>, usize),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    /// `.a.b`, directly behind what stands before it when `attached`.
    Fields {
        path: Vec<String>,
        attached: bool,
    },
    Variable(String),
    Literal(Value),
    Mark(&'static str),
}

enum End {
    Text,
    Block,
    /// What follows `else`: an `if` or `with` of its own, or nothing.
    Else(Vec<Token>),
}

/// Texts and actions; an action's dashes take the space beside it away.
fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let (mut pieces, mut rest, mut trim) = (Vec::new(), text, false);
    while let Some(open) = rest.find("{{") {
        let (before, after) = (&rest[..open], &rest[open + 2..]);
        let dash = after.starts_with("- ") || after.starts_with("-\n");
        let before = if trim { before.trim_start() } else { before };
        pieces.push(Piece::Text(if dash { before.trim_end() } else { before }.to_string()));
        let inside = if dash { &after[1..] } else { after };
        let line = line_of(text, text.len() - after.len());
        let close = action_end(inside).ok_or_else(|| placed(line, "unclosed action"))?;
        let mut action = &inside[..close];
        trim = action.ends_with(" -") || action.ends_with("\n-");
        if trim {
            action = &action[..action.len() - 1];
        }
        if !action.trim().starts_with("/*") {
            pieces.push(Piece::Action(tokens(action).map_err(|why| placed(line, &why))?, line));
        }
        rest = &inside[close + 2..];
    }
    pieces.push(Piece::Text(if trim { rest.trim_start() } else { rest }.to_string()));
    Ok(pieces)
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

fn placed(line: usize, why: &str) -> String {
    match why.starts_with("template: ") {
        true => why.to_string(),
        false => format!("template: output:{line}: {why}"),
    }
}

/// Where `}}` is that stands in no text.
fn action_end(text: &str) -> Option<usize> {
    let (mut quote, mut escaped) = (None, false);
    for (at, letter) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some('"') if letter == '\\' => escaped = true,
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if matches!(letter, '"' | '`') => quote = Some(letter),
            None if text[at..].starts_with("}}") => return Some(at),
            None => {}
        }
    }
    None
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let (mut tokens, mut rest) = (Vec::new(), text);
    loop {
        let attached = !rest.starts_with(char::is_whitespace) && !tokens.is_empty();
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let mark = [":=", "=", "|", "(", ")", ","].into_iter().find(|mark| rest.starts_with(mark));
        if let Some(mark) = mark {
            tokens.push(Token::Mark(mark));
            rest = &rest[mark.len()..];
            continue;
        }
        let length = match first {
            '"' => quoted_length(rest)?,
            '`' => rest[1..].find('`').ok_or("unterminated raw quoted string")? + 2,
            _ => rest.find(|c: char| c.is_whitespace() || "|(),=:\"`".contains(c)).unwrap_or(rest.len()).max(1),
        };
        let (word, after) = rest.split_at(length);
        tokens.push(token(word, attached)?);
        // A path behind a variable is a token of its own.
        if let (Some(Token::Variable(name)), true) = (tokens.last().cloned(), word.contains('.')) {
            let (name, path) =
                name.split_once('.').map(|(a, b)| (a.to_string(), b.to_string())).unwrap_or((name, String::new()));
            tokens.pop();
            tokens.push(Token::Variable(name));
            tokens.push(Token::Fields { path: path.split('.').map(str::to_string).collect(), attached: true });
        }
        rest = after;
    }
}

fn quoted_length(text: &str) -> Result<usize, String> {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Ok(at + 1),
            _ => {}
        }
    }
    Err("unterminated quoted string".into())
}

fn token(word: &str, attached: bool) -> Result<Token, String> {
    if let Some(raw) = word.strip_prefix('`') {
        return Ok(Token::Literal(raw.trim_end_matches('`').into()));
    }
    if word.starts_with('"') {
        return serde_json::from_str::<String>(word)
            .map(|text| Token::Literal(text.into()))
            .map_err(|why| why.to_string());
    }
    if let Some(path) = word.strip_prefix('.') {
        let path = path.split('.').filter(|name| !name.is_empty()).map(str::to_string).collect();
        return Ok(Token::Fields { path, attached });
    }
    if word.starts_with('$') {
        return Ok(Token::Variable(word.to_string()));
    }
    match word {
        "true" => return Ok(Token::Literal(true.into())),
        "false" => return Ok(Token::Literal(false.into())),
        "nil" => return Ok(Token::Literal(Value::Null)),
        _ => {}
    }
    if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        let whole = word.parse::<i64>().map(Value::from);
        let number = whole.or_else(|_| word.parse::<f64>().map(Value::Float));
        return number.map(Token::Literal).map_err(|_| format!("bad number syntax: {word:?}"));
    }
    Ok(Token::Word(word.to_string()))
}

fn block(pieces: &mut impl Iterator<Item = Piece>) -> Result<(Vec<Node>, End), String> {
    let mut nodes = Vec::new();
    while let Some(piece) = pieces.next() {
        let (tokens, line) = match piece {
            Piece::Text(text) => {
                nodes.push(Node::Text(text));
                continue;
            }
            Piece::Action(tokens, line) => (tokens, line),
        };
        match tokens.first() {
            Some(Token::Word(word)) if word == "end" => return Ok((nodes, End::Block)),
            Some(Token::Word(word)) if word == "else" => return Ok((nodes, End::Else(tokens[1..].to_vec()))),
            Some(Token::Word(word)) if matches!(word.as_str(), "if" | "with" | "range") => {
                nodes.push(branch(word, &tokens[1..], pieces).map_err(|why| placed(line, &why))?);
            }
            Some(Token::Word(word)) if word == "break" => nodes.push(Node::Break),
            Some(Token::Word(word)) if word == "continue" => nodes.push(Node::Continue),
            _ => nodes.push(Node::Show(pipe(&tokens).map_err(|why| placed(line, &why))?)),
        }
    }
    Ok((nodes, End::Text))
}

fn branch(word: &str, tokens: &[Token], pieces: &mut impl Iterator<Item = Piece>) -> Result<Node, String> {
    let pipe = pipe(tokens).map_err(|why| format!("{why} in {word}"))?;
    let (then, end) = block(pieces)?;
    let other = match end {
        End::Text => return Err("unexpected EOF".into()),
        End::Block => Vec::new(),
        End::Else(tokens) => match tokens.split_first() {
            Some((Token::Word(next), rest)) => vec![branch(next, rest, pieces)?],
            Some(_) => return Err("unexpected operand in else".into()),
            None => match block(pieces)? {
                (nodes, End::Block) => nodes,
                _ => return Err("unexpected EOF".into()),
            },
        },
    };
    Ok(match word {
        "if" => Node::If(pipe, then, other),
        "with" => Node::With(pipe, then, other),
        _ => Node::Range(pipe, then, other),
    })
}

fn pipe(tokens: &[Token]) -> Result<Pipe, String> {
    let mut pipe = Pipe::default();
    let mut rest = tokens;
    let set = rest.iter().position(|token| matches!(token, Token::Mark(":=" | "=")));
    if let Some(at) = set {
        pipe.declares = rest[at] == Token::Mark(":=");
        for token in &rest[..at] {
            match token {
                Token::Variable(name) => pipe.variables.push(name.clone()),
                Token::Mark(",") => {}
                other => return Err(format!("unexpected {other:?} in declaration")),
            }
        }
        rest = &rest[at + 1..];
    }
    pipe.commands.push(Vec::new());
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        let term = match token {
            Token::Mark("|") => {
                pipe.commands.push(Vec::new());
                continue;
            }
            Token::Mark("(") => {
                let close = closing(rest)?;
                let inner = self::pipe(&rest[..close])?;
                rest = &rest[close + 1..];
                Term::Path(Base::Pipe(Box::new(inner)), attached(&mut rest))
            }
            Token::Mark(mark) => return Err(format!("unexpected {mark:?} in operand")),
            Token::Fields { path, .. } => Term::Path(Base::Dot, path.clone()),
            Token::Variable(name) => Term::Path(Base::Variable(name.clone()), attached(&mut rest)),
            Token::Literal(value) => Term::Literal(value.clone()),
            Token::Word(name) if functions::exists(name) => Term::Function(name.clone()),
            Token::Word(name) => return Err(format!("function {name:?} not defined")),
        };
        pipe.commands.last_mut().expect("there is always one").push(term);
    }
    match pipe.commands.iter().any(Vec::is_empty) {
        true => Err("missing value for command".into()),
        false => Ok(pipe),
    }
}

/// The path directly behind a variable or a parenthesis.
fn attached(rest: &mut &[Token]) -> Vec<String> {
    match rest.split_first() {
        Some((Token::Fields { path, attached: true }, after)) => {
            *rest = after;
            path.clone()
        }
        _ => Vec::new(),
    }
}

fn closing(tokens: &[Token]) -> Result<usize, String> {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Mark("(") => depth += 1,
            Token::Mark(")") if depth == 0 => return Ok(at),
            Token::Mark(")") => depth -= 1,
            _ => {}
        }
    }
    Err("unclosed left paren".into())
}
