//! The content of one entry as a small tree: what HTML and text are both made from, so that they never disagree.

/// An element or a run of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
}

/// An element with its attributes and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// In lower case.
    pub(crate) name: String,
    /// In their order, each once.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Node>,
}

impl Element {
    pub(crate) fn new(name: &str, attributes: &[(&str, &str)], children: Vec<Node>) -> Self {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Self { name: name.to_owned(), attributes: attributes.iter().map(owned).collect(), children }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub(crate) fn set(&mut self, key: &str, value: String) {
        match self.attributes.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((key.to_owned(), value)),
        }
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<String> {
        let at = self.attributes.iter().position(|(name, _)| name == key)?;
        Some(self.attributes.remove(at).1)
    }

    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.get("class").is_some_and(|classes| classes.split_ascii_whitespace().any(|one| one == class))
    }
}

/// Calls `visit` for every element, outer before inner.
pub(crate) fn walk(nodes: &mut [Node], visit: &mut dyn FnMut(&mut Element)) {
    for node in nodes {
        if let Node::Element(element) = node {
            visit(element);
            walk(&mut element.children, visit);
        }
    }
}

/// True when `is_it` is true of an element below `nodes`.
pub(crate) fn any(nodes: &[Node], is_it: &dyn Fn(&Element) -> bool) -> bool {
    nodes.iter().any(|node| match node {
        Node::Element(element) => is_it(element) || any(&element.children, is_it),
        Node::Text(_) => false,
    })
}

/// Replaces every node by what `change` makes of it, inner before outer.
pub(crate) fn rewrite(nodes: Vec<Node>, change: &mut dyn FnMut(Node) -> Vec<Node>) -> Vec<Node> {
    let mut changed = Vec::with_capacity(nodes.len());
    for node in nodes {
        let node = match node {
            Node::Element(mut element) => {
                element.children = rewrite(element.children, change);
                Node::Element(element)
            }
            text @ Node::Text(_) => text,
        };
        changed.extend(change(node));
    }
    changed
}

/// Joins neighbouring texts, and drops the line end after `<pre>`, which a parser would drop: writing and reading come
/// to the same.
pub(crate) fn settle(nodes: Vec<Node>) -> Vec<Node> {
    let mut settled: Vec<Node> = Vec::with_capacity(nodes.len());
    for node in nodes {
        match (node, settled.last_mut()) {
            (Node::Text(text), Some(Node::Text(before))) => before.push_str(&text),
            (Node::Element(mut element), _) => {
                element.children = settle(element.children);
                if element.name == "pre"
                    && let Some(Node::Text(text)) = element.children.first_mut()
                {
                    *text = text.trim_start_matches('\n').to_owned();
                }
                settled.push(Node::Element(element));
            }
            (text, _) => settled.push(text),
        }
    }
    settled
}

/// All text, as it stands; pictures and footnote marks say nothing.
pub(crate) fn text(nodes: &[Node], into: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => into.push_str(text),
            Node::Element(element) if element.name == "br" => into.push(' '),
            Node::Element(element) if element.has_class("footnote") || element.has_class("reversefootnote") => {}
            Node::Element(element) => {
                let block = super::elements::is_block(&element.name);
                into.extend(block.then_some(' '));
                text(&element.children, into);
                into.extend(block.then_some(' '));
            }
        }
    }
}

/// All text as one line.
pub(crate) fn one_line(nodes: &[Node]) -> String {
    let mut all = String::new();
    text(nodes, &mut all);
    super::super::characters::one_line(&all)
}
