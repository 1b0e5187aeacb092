//! One file that is a page: data, words, plots and pictures, and nothing that is fetched.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ganymede_files::sha256;
use serde::Serialize;

use super::config::{Difference, differences};
use super::run::RunReport;
use crate::date;

const TEMPLATE: &str = include_str!("assets/page.html");
const STYLES: [&str; 2] = [include_str!("assets/uplot/uPlot.min.css"), include_str!("assets/page.css")];
const UPLOT: &str = include_str!("assets/uplot/uPlot.iife.min.js");
const ELEMENTS: &str = include_str!("assets/elements.js");
/// Of runs.
const SCRIPTS: [&str; 7] = [
    UPLOT,
    ELEMENTS,
    include_str!("assets/series.js"),
    include_str!("assets/charts.js"),
    include_str!("assets/timeline.js"),
    include_str!("assets/words.js"),
    include_str!("assets/page.js"),
];
/// Of a study.
const STUDY_SCRIPTS: [&str; 3] = [UPLOT, ELEMENTS, include_str!("assets/study.js")];

/// Everything that a page shows.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    schema: u32,
    made_by: &'static str,
    made_on: String,
    /// Seconds between two looks, where a server gives the page while the run trains.
    pub(super) live: Option<u64>,
    differences: Vec<Difference>,
    runs: Vec<RunReport>,
}

impl Report {
    pub(super) fn new(runs: Vec<RunReport>, live: Option<u64>) -> Self {
        let configs: Vec<&[[String; 2]]> = runs.iter().map(|run| run.config.as_slice()).collect();
        Self {
            schema: 1,
            made_by: concat!("ganymede ", env!("CARGO_PKG_VERSION")),
            made_on: date::today(),
            live,
            differences: differences(&configs),
            runs,
        }
    }

    /// The data of the page.
    pub(super) fn to_json(&self) -> String {
        safe_json(self)
    }

    /// The page.
    pub(super) fn to_html(&self) -> String {
        let title = self.runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>().join(", ");
        let words = self.runs.iter().map(plainly).collect::<Vec<_>>().join("\n");
        Document { title: &title, words, live: self.live.is_some() }.page(self.to_json(), &SCRIPTS)
    }
}

/// Data as JSON that can stand anywhere in a page: no character of it means anything to HTML, nor ends a line of a script.
fn safe_json(data: &impl Serialize) -> String {
    let json = serde_json::to_string(data).expect("a page shows plain data");
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => safe += &format!("\\u{:04x}", c as u32),
            c => safe.push(c),
        }
    }
    safe
}

/// One file that is a page.
pub(crate) struct Document<'a> {
    pub(crate) title: &'a str,
    /// For who sees no scripts, as HTML.
    pub(crate) words: String,
    /// Whether a server gives it, and more of it.
    pub(crate) live: bool,
}

impl Document<'_> {
    /// The page of a study's data.
    pub(crate) fn study(self, data: &impl Serialize) -> String {
        self.page(safe_json(data), &STUDY_SCRIPTS)
    }

    /// The page. Its policy lets run the scripts that are in it and no others, and forbids it to fetch anything but from
    /// the server of a live page.
    fn page(self, data: String, scripts: &[&str]) -> String {
        let (style, script) = (STYLES.join("\n"), scripts.join("\n"));
        let served = if self.live { " 'self'" } else { "" };
        let connect = if self.live { "'self'" } else { "'none'" };
        let policy = format!(
            "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:{served}; connect-src {connect}; \
             base-uri 'none'; form-action 'none'",
            fingerprint(&script),
            fingerprint(&style),
        );
        let parts = [
            ("{policy}", policy),
            ("{title}", escaped(self.title)),
            ("{style}", style),
            ("{words}", self.words),
            ("{data}", data),
            ("{script}", script),
        ];
        fill(TEMPLATE, &parts)
    }
}

/// A run for who sees no scripts.
fn plainly(run: &RunReport) -> String {
    let verdict = run.verdict.as_deref().unwrap_or("No summary has been written yet.");
    format!("<p><b>{}</b>: {}</p>", escaped(&run.name), escaped(verdict))
}

/// Puts each part in its place. What a part holds is not looked into, so that a run named `{script}` is one.
fn fill(template: &str, parts: &[(&str, String)]) -> String {
    let mut page =
        String::with_capacity(template.len() + parts.iter().map(|(_, part)| part.len()).sum::<usize>());
    let mut rest = template;
    for (place, part) in parts {
        let (before, after) = rest.split_once(place).expect("the template has its places in this order");
        page += before;
        page += part;
        rest = after;
    }
    page + rest
}

/// What a policy knows an inline script or style by.
fn fingerprint(source: &str) -> String {
    let (_, hash) = sha256(source.as_bytes(), u64::MAX - 1).expect("memory can be read");
    let digit = |c: u8| (c as char).to_digit(16).unwrap_or(0) as u8;
    let bytes: Vec<u8> = hash.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
    format!("sha256-{}", STANDARD.encode(bytes))
}

/// Text that HTML shows as it is.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_run_means_anything_to_html() {
        assert_eq!(escaped("<a b='c' d=\"e\">&"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;");
        assert_eq!(fill("a{x}b{y}", &[("{x}", "{y}".to_owned()), ("{y}", "c".to_owned())]), "a{y}bc");
    }

    #[test]
    fn the_policy_knows_the_scripts() {
        // The example of CSP level 3, section 2.3.1 of W3C: the hash of an empty text is well known.
        assert_eq!(fingerprint(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn the_assets_can_stand_in_a_page() {
        for asset in SCRIPTS.into_iter().chain(STUDY_SCRIPTS) {
            assert!(!asset.to_lowercase().contains("</script") && !asset.contains("<!--"));
        }
        for asset in STYLES {
            assert!(!asset.contains('<') && !asset.contains("@import") && !asset.contains("url("));
        }
        // Nothing of it is fetched.
        let own: String = SCRIPTS[1..].concat() + &STUDY_SCRIPTS[1..].concat();
        assert!(!own.contains("http:") && !own.contains("https:") && !own.contains("innerHTML"));
    }
}
