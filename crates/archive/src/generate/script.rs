//! The scenes that are played, and the words they are filled with.

const SCENES: &str = include_str!("scenes.txt");

const CHINESE_NAMES: [&str; 12] = [
    "王建国",
    "李秀英",
    "张伟",
    "刘洋",
    "陈静",
    "杨帆",
    "赵敏",
    "黄磊",
    "周婷",
    "吴刚",
    "徐丽",
    "孙浩",
];
const ENGLISH_NAMES: [&str; 12] = [
    "Alice Morgan",
    "Ben Carter",
    "Chloe Evans",
    "Daniel Reed",
    "Emma Hughes",
    "Frank Doyle",
    "Grace Turner",
    "Harry Walsh",
    "Iris Cole",
    "Jack Nolan",
    "Kate Simmons",
    "Liam Porter",
];

/// What may stand for a word in braces, per language.
const WORDS: [(&str, &[&str], &[&str]); 6] = [
    (
        "{product}",
        &[
            "智能门锁",
            "会议平板",
            "扫码枪",
            "收银系统",
            "客服工作台",
            "冷链监测仪",
        ],
        &[
            "smart lock",
            "meeting display",
            "barcode scanner",
            "till system",
            "help desk",
            "cold-chain sensor",
        ],
    ),
    (
        "{staff}",
        &["小林", "小陈", "阿杰", "小周"],
        &["Lin", "Chen", "Jay", "Zoe"],
    ),
    (
        "{price}",
        &["680", "1280", "2350", "4999", "12800"],
        &["95", "180", "340", "720", "1,850"],
    ),
    (
        "{count}",
        &["20", "50", "80", "120", "300"],
        &["20", "50", "80", "120", "300"],
    ),
    (
        "{day}",
        &["周一", "周三", "周四", "周五", "月底", "下周二"],
        &["Monday", "Wednesday", "Thursday", "Friday", "the 28th"],
    ),
    (
        "{city}",
        &["杭州", "成都", "武汉", "西安", "苏州", "佛山"],
        &["Rotterdam", "Leeds", "Chicago", "Lyon", "Osaka"],
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Chinese,
    English,
}

impl Language {
    /// Every other one speaks English.
    pub(super) const fn of_number(number: usize) -> Self {
        if number.is_multiple_of(2) {
            Self::Chinese
        } else {
            Self::English
        }
    }

    pub(super) const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Chinese => &CHINESE_NAMES,
            Self::English => &ENGLISH_NAMES,
        }
    }

    pub(super) const fn group_name(self) -> &'static str {
        match self {
            Self::Chinese => "项目沟通群",
            Self::English => "Project group",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Single,
    Group,
    Internal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Staff,
    Colleague,
    Customer,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) role: Role,
    pub(super) msgtype: u8,
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct Scene {
    pub(super) language: Language,
    pub(super) place: Place,
    pub(super) lines: Vec<Line>,
}

/// Lines that say something.
pub(super) fn content_lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// All scenes. What the file must be like is held by the test below.
pub(super) fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    for text in content_lines(SCENES) {
        if let Some(head) = text.strip_prefix('@') {
            scenes.extend(scene_of(head));
        } else if let (Some(scene), Some(line)) = (scenes.last_mut(), line_of(text)) {
            scene.lines.push(line);
        }
    }
    scenes
}

fn scene_of(head: &str) -> Option<Scene> {
    let (language, place) = head.split_once(' ')?;
    Some(Scene {
        language: match language {
            "zh" => Language::Chinese,
            "en" => Language::English,
            _ => return None,
        },
        place: match place {
            "single" => Place::Single,
            "group" => Place::Group,
            "internal" => Place::Internal,
            _ => return None,
        },
        lines: Vec::new(),
    })
}

fn line_of(text: &str) -> Option<Line> {
    let (who, said) = text.split_once(": ")?;
    let (role, msgtype) = who.split_once('/').unwrap_or((who, "1"));
    Some(Line {
        role: match role {
            "S" => Role::Staff,
            "T" => Role::Colleague,
            "C" => Role::Customer,
            _ => return None,
        },
        msgtype: msgtype.parse().ok()?,
        text: said.to_owned(),
    })
}

/// What the words in braces stand for in one scene.
#[derive(Debug)]
pub(super) struct Words(Vec<(&'static str, String)>);

impl Words {
    /// `below` gives a number below another.
    pub(super) fn draw(language: Language, below: impl Fn(u64) -> u64) -> Self {
        let mut words: Vec<_> = WORDS
            .iter()
            .map(|(slot, chinese, english)| {
                let choice = match language {
                    Language::Chinese => chinese,
                    Language::English => english,
                };
                (
                    *slot,
                    choice[below(choice.len() as u64) as usize].to_owned(),
                )
            })
            .collect();
        words.push(("{order}", format!("SO2026{:06}", below(1_000_000))));
        Self(words)
    }

    pub(super) fn fill(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let fill = |text: String, (slot, word): &(&str, String)| text.replace(slot, word);
        self.0.iter().fold(text.to_owned(), fill)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_script_is_played() {
        let scenes = scenes();
        let heads = scenes.len();
        let lines: usize = scenes.iter().map(|scene| scene.lines.len()).sum();
        assert_eq!(heads + lines, content_lines(SCENES).count());
        for language in [Language::Chinese, Language::English] {
            for place in [Place::Single, Place::Group, Place::Internal] {
                let of_both = |scene: &&Scene| scene.language == language && scene.place == place;
                assert!(scenes.iter().filter(of_both).count() >= 2);
            }
        }
        for line in scenes.iter().flat_map(|scene| &scene.lines) {
            let filled = Words::draw(Language::English, |_| 0).fill(&line.text);
            assert!(!filled.contains(['{', '}']), "{filled}");
        }
    }
}
