//! What several fuzz targets have in common: a site, a time, and a judge of HTML that knows nothing of the program's own tables.

use html5ever::tendril::TendrilSink as _;
use html5ever::{ParseOpts, QualName, local_name, ns, parse_fragment};
use jiff::Timestamp;
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use tidings::config::{self, Config};
use tidings::model::{Entry, PostStatus};
use tidings::post::{self, Source};
use tidings::render;

/// Elements that a feed or a mail may hold.
const ELEMENTS: &str = " a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup data dd del \
    details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main mark menu nav ol p \
    picture pre q rp rt ruby s samp section small source span strike strong sub summary sup table tbody td tfoot th thead time tr tt u \
    ul var wbr ";

/// Attributes that any of them may have.
const ATTRIBUTES: &str = " align alt aria-label cite class colspan datetime dir height href hreflang id lang media name open \
    reversed rowspan scope sizes src srcset start style title type value width ";

/// The moment at which fuzzed sites are read.
pub fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().expect("a time")
}

/// A site with a newsletter.
pub fn site() -> Config {
    let text = "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n[newsletter]\nfrom = 'Ada <ada@news.example.org>'\n\
        postal_address = 'Kiel'\nunsubscribe = 'https://news.example.org/u/{token}'\n";
    config::parse("config.toml", text).expect("a valid configuration")
}

/// The entry that a file becomes, when it becomes one.
pub fn entry(path: &str, bytes: Vec<u8>, config: &Config) -> Option<Entry> {
    let loaded = post::load(vec![Source { path: path.into(), bytes: bytes.clone() }], config, now());
    let post = &loaded.posts[0];
    let (body, _) = post::body(post, &bytes).ok()?;
    let (entry, _) = render::entry(post, &body, &loaded.posts, config);
    (post.status == PostStatus::Published).then_some(entry)
}

/// Panics when HTML, read as a browser reads it, holds an element, an attribute or a scheme that is not allowed.
pub fn judge(html: &str) {
    let context = QualName::new(None, ns!(html), local_name!("body"));
    let dom = parse_fragment(RcDom::default(), ParseOpts::default(), context, Vec::new(), false).one(html);
    let mut open: Vec<Handle> =
        dom.document.children.borrow().iter().flat_map(|root| root.children.borrow().clone()).collect();
    while let Some(node) = open.pop() {
        match &node.data {
            NodeData::Element { name, attrs, .. } => {
                let element = name.local.to_string();
                assert!(name.ns == ns!(html) && ELEMENTS.contains(&format!(" {element} ")), "<{element}> in {html}");
                for attribute in attrs.borrow().iter() {
                    let name = attribute.name.local.to_string();
                    assert!(ATTRIBUTES.contains(&format!(" {name} ")), "{element} {name} in {html}");
                    if matches!(&*name, "href" | "src" | "cite") {
                        let value = attribute.value.to_string();
                        let scheme = url::Url::parse(&value).map(|url| url.scheme().to_owned());
                        let is_fine =
                            scheme.is_ok_and(|scheme| matches!(&*scheme, "http" | "https" | "mailto" | "tel"));
                        assert!(is_fine || value.starts_with('#'), "{element} {name}={value:?} in {html}");
                    }
                    if name == "style" {
                        let value = attribute.value.to_string().to_lowercase();
                        assert!(!value.contains("url") && !value.contains("expression"), "{element} style={value:?}");
                    }
                }
                open.extend(node.children.borrow().iter().cloned());
            }
            NodeData::Text { .. } => {}
            other => panic!("{other:?} in {html}"),
        }
    }
}
