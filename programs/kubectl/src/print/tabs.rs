//! Columns that are as wide as their widest cell: Go's `tabwriter`, cells ended by tabs, blocks of lines that have a
//! column in common.

/// How wide columns are: at least so much, and so much between them.
#[derive(Clone, Copy)]
pub struct Layout {
    pub least: usize,
    pub between: usize,
    /// Whether a column is never narrower than it was above.
    pub remembers: bool,
}

/// Tables of `get`.
pub const TABLE: Layout = Layout { least: 6, between: 3, remembers: true };
/// What `describe` and most lists use.
pub const PAGE: Layout = Layout { least: 0, between: 2, remembers: false };

pub fn align(text: &str, layout: Layout) -> String {
    align_with(text, layout, &[]).0
}

/// Columns are never narrower than those written before.
pub fn align_remembering(text: &str, layout: Layout, remembered: &mut Vec<usize>) -> String {
    let (text, widths) = align_with(text, layout, remembered);
    for (column, width) in widths.into_iter().enumerate() {
        match remembered.get_mut(column) {
            Some(known) => *known = width.max(*known),
            None => remembered.push(width),
        }
    }
    text
}

/// The aligned text, and how wide each column was at most.
fn align_with(text: &str, layout: Layout, least: &[usize]) -> (String, Vec<usize>) {
    let open_end = !text.ends_with('\n');
    let lines: Vec<Vec<&str>> = text.split_terminator('\n').map(|line| line.split('\t').collect()).collect();
    let mut writer = Writer { lines, layout, least, widths: Vec::new(), widest: Vec::new(), out: String::new() };
    let count = writer.lines.len();
    writer.block(0, count);
    let mut out = writer.out;
    if open_end {
        out.pop();
    }
    (out, writer.widest)
}

struct Writer<'t> {
    lines: Vec<Vec<&'t str>>,
    layout: Layout,
    /// What columns were before.
    least: &'t [usize],
    /// Of the columns to the left.
    widths: Vec<usize>,
    widest: Vec<usize>,
    out: String,
}

impl Writer<'_> {
    fn has_column(&self, line: usize) -> bool {
        self.widths.len() + 1 < self.lines[line].len()
    }

    fn block(&mut self, first: usize, end: usize) {
        let (mut unwritten, mut line) = (first, first);
        while line < end {
            if !self.has_column(line) {
                line += 1;
                continue;
            }
            self.write(unwritten, line);
            let begin = line;
            while line < end && self.has_column(line) {
                line += 1;
            }
            let width = self.width(begin, line);
            self.widths.push(width);
            self.block(begin, line);
            self.widths.pop();
            unwritten = line;
        }
        self.write(unwritten, end);
    }

    fn width(&mut self, begin: usize, end: usize) -> usize {
        let column = self.widths.len();
        let widest = self.lines[begin..end].iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let before = self.least.get(column).copied().unwrap_or(0);
        if self.widest.len() <= column {
            self.widest.resize(column + 1, 0);
        }
        let above = if self.layout.remembers { self.widest[column] } else { 0 };
        let width = self.layout.least.max(widest + self.layout.between).max(before).max(above);
        self.widest[column] = self.widest[column].max(width);
        width
    }

    fn write(&mut self, first: usize, end: usize) {
        for line in &self.lines[first..end] {
            for (column, cell) in line.iter().enumerate() {
                self.out.push_str(cell);
                if let Some(width) = self.widths.get(column).filter(|_| column + 1 < line.len()) {
                    let missing = width.saturating_sub(cell.chars().count());
                    self.out.extend(std::iter::repeat_n(' ', missing));
                }
            }
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        for (text, layout, expect) in [
            ("NAME\tAGE\na\t1s\n", TABLE, "NAME   AGE\na      1s\n"),
            ("A\tB\tC\nx\t\tz\n", TABLE, "A     B     C\nx           z\n"),
            ("Name:\ta\nLabels:\t<none>\n", PAGE, "Name:    a\nLabels:  <none>\n"),
            ("Events:\t<none>\nalone\nx\ty\n", PAGE, "Events:  <none>\nalone\nx  y\n"),
            ("a\tb", PAGE, "a  b"),
            ("longer:\tx\nalone\na:\ty\n", PAGE, "longer:  x\nalone\na:  y\n"),
            ("longer\tx\nalone\na\ty\n", TABLE, "longer   x\nalone\na        y\n"),
        ] {
            assert_eq!(align(text, layout), expect);
        }
    }

    #[test]
    fn widths_are_remembered() {
        let mut widths = Vec::new();
        align_remembering("longername\tx\n", TABLE, &mut widths);
        assert_eq!(align_remembering("a\tx\n", TABLE, &mut widths), "a            x\n");
    }
}
