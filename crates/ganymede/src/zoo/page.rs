//! The document.

use anyhow::Result;
use ganymede_models::Size;
use ganymede_train::figure;

use super::facts::{Entry, Player, Recipe, entries, recipes};
use super::tables;
use crate::study::results::Measured;

const HEAD: &str = "\
# Zoo

<!-- Made by `cargo xtask zoo --bless` from the tables of networks and presets and from docs/zoo/measured.json. -->

Every network that a configuration can name, and what the presets reached. `cargo xtask zoo --bless` writes this page,
a test compares it with the tables, and `cargo xtask study` measures:

```sh
cargo xtask study presets --minutes 10   # every preset with three seeds
cargo xtask study cures                  # a collapse and its cures
cargo xtask zoo --bless
```

Sizes are those of networks as published (the defaults), for images in colour, with ten classes where a network is told
one. *MFLOP* is what a forward pass of a sample computes in convolutions, linear layers and attention, two operations a
multiplication and addition; what is done element by element is not counted. *Largest* is the number of values of a
sample in the largest feature map, *held* that of all which a step of training keeps. A setting without a value follows
from others, or is as published. Any discriminator has the setting `pack` besides (PacGAN: Lin et al., 2018, [arXiv:1712.04086](https://arxiv.org/abs/1712.04086)).
";

/// The whole page; `pictures` are the presets that have one.
pub(super) fn page(measured: &[Measured], pictures: &[String]) -> Result<String> {
    let (entries, recipes) = (entries()?, recipes()?);
    let mut page = HEAD.to_owned();
    page += "\n## Networks\n";
    for entry in &entries {
        page += &network(entry, &recipes);
    }
    page += &presets(&recipes);
    page += &tables::presets(measured, &recipes);
    page += &tables::ring(measured);
    page += &gallery(&recipes, pictures);
    Ok(page)
}

fn network(entry: &Entry, recipes: &[Recipe]) -> String {
    let Entry { name, summary, paper, players } = entry;
    let mut text = format!("\n### {name}\n\n{}. {}.\n", capital(summary), linked(paper));
    if let Some(player) = players.first() {
        text += &format!("Takes {}.\n", player.takes());
    }
    for player in players {
        text += &format!("\n{}: {}.\n", capital(player.role), settings(player));
    }
    text += "\n| | samples | parameters | MFLOP | largest | held |\n|---|---|---:|---:|---:|---:|\n";
    for player in players {
        for (shape, size) in player.sizes() {
            let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
            text += &format!("| {} | {} | {} |\n", player.role, shape.join("×"), columns(&size));
        }
    }
    let using: Vec<String> = (recipes.iter().filter(|recipe| recipe.kinds.contains(name)))
        .map(|recipe| format!("`{}`", recipe.name))
        .collect();
    if !using.is_empty() {
        text += &format!("\nPresets: {}.\n", using.join(", "));
    }
    text
}

fn settings(player: &Player) -> String {
    let one = |(key, value): (String, Option<String>)| match value {
        Some(value) => format!("`{key} = {value}`"),
        None => format!("`{key}`"),
    };
    player.settings().into_iter().map(one).collect::<Vec<_>>().join(", ")
}

fn columns(size: &Size) -> String {
    [grouped(size.parameters()), mflop(size), grouped(size.activations), grouped(size.held)].join(" | ")
}

fn presets(recipes: &[Recipe]) -> String {
    let mut text = "\n## Presets\n\n\
        Sizes of the players as the preset has them, for its own data. Those of residual networks are narrower than what \
        was published, so that they show something in minutes.\n\n\
        | preset | what it is | steps × batch | generator | parameters | MFLOP | discriminator | parameters | MFLOP |\n\
        |---|---|---:|---|---:|---:|---|---:|---:|\n"
        .to_owned();
    for recipe in recipes {
        let Recipe { name, summary, steps, batch, kinds, sizes } = recipe;
        let of = |player: usize| match &sizes[player] {
            Some(size) => format!("{} | {} | {}", kinds[player], grouped(size.parameters()), mflop(size)),
            None => format!("{} | – | –", kinds[player]),
        };
        text += &format!("| `{name}` | {summary} | {steps} × {batch} | {} | {} |\n", of(0), of(1));
    }
    text
}

fn gallery(recipes: &[Recipe], pictures: &[String]) -> String {
    let shown: Vec<&Recipe> =
        recipes.iter().filter(|recipe| pictures.iter().any(|name| name == recipe.name)).collect();
    if shown.is_empty() {
        return String::new();
    }
    let mut text = "\n## Pictures\n\nOf the first seed, after the last step.\n".to_owned();
    for recipe in shown {
        let name = recipe.name;
        text += &format!("\n`{name}`\n\n![Samples of {name}](zoo/{name}.png)\n");
    }
    text
}

/// Two operations a multiplication and addition.
fn mflop(size: &Size) -> String {
    let mflop = 2.0 * size.products as f64 / 1e6;
    figure(mflop, if mflop < 10.0 { 3 } else { 1 })
}

/// `1,234,567`.
fn grouped(n: u128) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// With links in place of numbers of arXiv.
fn linked(paper: &str) -> String {
    let mut parts = paper.split("arXiv:");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        text += &format!("[arXiv:{number}](https://arxiv.org/abs/{number}){rest}");
    }
    text
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::results::tests::measured;

    #[test]
    fn numbers_are_grouped_and_papers_linked() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            linked("A, 2014, B, arXiv:1406.2661; C, arXiv:1811.05381"),
            "A, 2014, B, [arXiv:1406.2661](https://arxiv.org/abs/1406.2661); C, \
             [arXiv:1811.05381](https://arxiv.org/abs/1811.05381)"
        );
    }

    #[test]
    fn every_network_and_preset_has_its_place() {
        let page = page(&[measured(0, None), measured(1, None)], &["quickstart".to_owned()]).unwrap();
        for kind in ganymede_models::GENERATORS {
            assert!(page.contains(&format!("\n### {}\n", kind.name)), "{}", kind.name);
        }
        for name in ganymede_train::preset_names() {
            assert!(page.contains(&format!("\n| `{name}` | ")), "{name}");
        }
        assert!(page.contains("`z_dim = 100`, `width = 64`"), "{page}");
        // Left out, it is as published.
        assert!(page.contains("`z_dim = 128`, `width`, "), "{page}");
        assert!(page.contains("| 200.00 | 20.50 (20.00–21.00) |"), "{page}");
        assert!(page.contains("![Samples of quickstart](zoo/quickstart.png)"), "{page}");
    }
}
