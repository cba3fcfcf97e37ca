//! The words beside which an item's value stands, made of its description and its variable's name.

use super::shape::Shape;
use super::words::is_cjk;

/// The most words of a description that make a key.
const MAX_WORDS: usize = 5;
/// The most characters of a Chinese description that make a key.
const MAX_CHARACTERS: usize = 12;

/// What an id is called after what it is an id of.
const ID_NOUNS: &[&str] = &[
    "number",
    "numbers",
    "no",
    "num",
    "nr",
    "id",
    "code",
    "identifier",
    "#",
];
const ID_NOUNS_CHINESE: &[&str] = &["号码", "编号", "单号", "编码", "号", "码", "id", "no"];
/// Words of a description that are not what the item is called.
const DESCRIBING: &[&str] = &[
    "the",
    "a",
    "an",
    "user",
    "users",
    "customer",
    "customers",
    "client",
    "s",
    "my",
    "your",
    "their",
    "his",
    "her",
    "please",
    "optional",
    "enter",
    "provide",
    "full",
    "new",
    "current",
    "which",
    "what",
    "is",
    "valid",
];
/// Words after which a description only says more of it.
const FURTHER: &[&str] = &[
    "that", "who", "for", "from", "to", "in", "on", "with", "as", "such", "if", "or", "and",
    "about", "where", "when", "at", "by", "of", "must", "should", "can", "may", "consists", "has",
    "starting",
];
const DESCRIBING_CHINESE: &[&str] = &[
    "请提供",
    "请输入",
    "请填写",
    "用户",
    "客户",
    "顾客",
    "您",
    "你",
    "我",
    "要查询",
    "需要",
    "查询",
    "完整",
    "新",
    "一个",
    "可选",
];
/// What is ordered, billed and sent, in both languages: an item that is described in one is asked of in
/// the other.
const SUBJECTS: &[(&str, &str)] = &[
    ("order", "订单"),
    ("invoice", "发票"),
    ("tracking", "快递"),
    ("tracking", "运单"),
    ("member", "会员"),
    ("account", "账号"),
    ("ticket", "工单"),
    ("refund", "退款"),
    ("contract", "合同"),
    ("employee", "员工"),
];

/// A kind of value, and what it is called whatever it is of; the longest comes first.
struct Kind {
    shape: Shape,
    words: &'static [&'static str],
    chinese: &'static [&'static str],
}

const KINDS: &[Kind] = &[
    Kind {
        shape: Shape::Email,
        words: &[
            "e mail address",
            "email address",
            "e mail",
            "email",
            "mailbox",
        ],
        chinese: &["邮箱地址", "电子邮箱", "电子邮件", "邮箱", "邮件", "电邮"],
    },
    Kind {
        shape: Shape::Phone,
        words: &[
            "telephone number",
            "mobile number",
            "mobile phone",
            "phone number",
            "cell phone",
            "cellphone",
            "telephone",
            "mobile",
            "phone",
            "tel",
        ],
        chinese: &[
            "手机号码",
            "电话号码",
            "联系电话",
            "联系方式",
            "手机号",
            "电话号",
            "手机",
            "电话",
        ],
    },
    Kind {
        shape: Shape::Date,
        words: &["birthday", "date"],
        chinese: &["日期", "生日", "时间"],
    },
    Kind {
        shape: Shape::Number,
        words: &["quantity", "amount", "price", "count"],
        chinese: &["金额", "数量", "价格", "件数"],
    },
    Kind {
        shape: Shape::Address,
        words: &["address"],
        chinese: &["地址", "住址"],
    },
    Kind {
        shape: Shape::Identifier,
        words: &["number", "identifier", "code", "no", "num", "nr", "id"],
        chinese: &["号码", "编号", "单号", "编码", "号", "码"],
    },
    Kind {
        shape: Shape::Name,
        words: &["name"],
        chinese: &["姓名", "名字", "名称", "称呼"],
    },
];

/// The words beside which a value stands.
#[derive(Debug)]
pub(super) struct Keys {
    /// What the value looks like.
    pub(super) shape: Shape,
    /// What it is called: `order number`, `订单号`.
    pub(super) named: Vec<String>,
    /// What it is an id of: `order`, `订单`.
    pub(super) subjects: Vec<String>,
    /// What everything of its kind is called: `phone`. Only good where one item is of that kind.
    pub(super) general: Vec<String>,
}

impl Keys {
    pub(super) fn new(description: &str, variable: &str) -> Self {
        let mut keys = Self {
            shape: Shape::Text,
            named: Vec::new(),
            subjects: Vec::new(),
            general: Vec::new(),
        };
        let clause = first_clause(description);
        let of_description = called(&words(&clause));
        let chinese = called_chinese(&clause);
        let of_variable = called(&words(&split_name(variable)));
        let kind = kind_of(&of_description, &chinese).or_else(|| kind_of(&of_variable, ""));
        keys.shape = kind.map_or(Shape::Text, |kind| kind.shape);
        keys.add(&of_description);
        keys.add(&of_variable);
        keys.add_chinese(&chinese);
        if let Some(kind) = kind.filter(|kind| kind.shape != Shape::Identifier) {
            let general = kind.words.iter().chain(kind.chinese);
            keys.general.extend(general.map(|word| (*word).to_owned()));
        }
        keys.translate();
        keys.tidy();
        keys
    }

    /// Every word by which the item may be named.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.named.iter().chain(&self.subjects).chain(&self.general)
    }

    fn add(&mut self, words: &[String]) {
        let Some((last, before)) = words.split_last() else {
            return;
        };
        self.named.push(words.join(" "));
        if self.shape == Shape::Identifier
            && !before.is_empty()
            && ID_NOUNS.contains(&last.as_str())
        {
            self.add_subject(&before.join(" "));
        }
    }

    fn add_subject(&mut self, subject: &str) {
        let nouns = ID_NOUNS.iter();
        self.named
            .extend(nouns.map(|noun| format!("{subject} {noun}")));
        self.subjects.push(subject.to_owned());
    }

    fn add_chinese(&mut self, phrase: &str) {
        if phrase.is_empty() {
            return;
        }
        self.named.push(phrase.to_owned());
        if self.shape != Shape::Identifier {
            return;
        }
        // Of `订单号` the noun is `号`, though it ends in `单号` as well.
        let mut nouns = ID_NOUNS_CHINESE.iter();
        let subject = nouns.find_map(|noun| {
            let subject = phrase.strip_suffix(noun)?;
            (subject.chars().count() > 1).then_some(subject)
        });
        if let Some(subject) = subject {
            self.add_chinese_subject(subject);
        }
    }

    fn add_chinese_subject(&mut self, subject: &str) {
        let nouns = ID_NOUNS_CHINESE.iter();
        self.named
            .extend(nouns.map(|noun| format!("{subject}{noun}")));
        self.subjects.push(subject.to_owned());
    }

    fn translate(&mut self) {
        if self.shape != Shape::Identifier {
            return;
        }
        for (english, chinese) in SUBJECTS {
            let has = |word: &str| self.subjects.iter().any(|subject| subject == word);
            match (has(english), has(chinese)) {
                (true, false) => self.add_chinese_subject(chinese),
                (false, true) => self.add_subject(english),
                _ => {}
            }
        }
    }

    /// Each word once, and of the subjects none that is no more than a noun of everything.
    fn tidy(&mut self) {
        self.subjects
            .retain(|subject| subject.len() > 2 && !ID_NOUNS.contains(&subject.as_str()));
        for words in [&mut self.named, &mut self.subjects] {
            words.sort_unstable();
            words.dedup();
        }
    }
}

/// The description up to where it explains itself, in lower case.
fn first_clause(description: &str) -> String {
    let ends = |character: char| ",;:.()[]，；：。（）、\n".contains(character);
    let mut clauses = description.split(ends).map(str::trim);
    let clause = clauses.find(|clause| !clause.is_empty());
    clause
        .unwrap_or_default()
        .to_lowercase()
        .replace("e-mail", "email")
}

/// `OrderID`, `order_id` and `orderId` are `order id`.
fn split_name(variable: &str) -> String {
    let mut words = String::new();
    let mut before_is_lower = false;
    for character in variable.chars() {
        if character.is_uppercase() && before_is_lower {
            words.push(' ');
        }
        before_is_lower = character.is_lowercase() || character.is_ascii_digit();
        words.extend(character.to_lowercase());
    }
    words
}

/// The words of a text that are written in letters with spaces between.
fn words(text: &str) -> Vec<&str> {
    text.split(|character: char| !character.is_alphanumeric() || is_cjk(character))
        .filter(|word| !word.is_empty())
        .collect()
}

/// What the words call the item: `the number of the order that …` is `order number`.
fn called(words: &[&str]) -> Vec<String> {
    let describes = |word: &&&str| DESCRIBING.contains(*word);
    let mut words = words
        .iter()
        .filter(|word| **word != "s")
        .skip_while(describes)
        .peekable();
    let noun = words.next_if(|word| ID_NOUNS.contains(*word) || matches!(**word, "name" | "date"));
    if noun.is_some() {
        words.next_if(|word| **word == "of");
    }
    let called = words
        .skip_while(describes)
        .take_while(|word| !describes(word) && !FURTHER.contains(*word));
    called
        .chain(noun)
        .take(MAX_WORDS)
        .map(|word| (*word).to_owned())
        .collect()
}

/// What a Chinese description calls the item: `用户要查询的订单号` is `订单号`.
fn called_chinese(clause: &str) -> String {
    let mut parts = clause.split('的').map(|part| {
        let mut part = part.trim();
        while let Some(rest) = DESCRIBING_CHINESE
            .iter()
            .find_map(|word| part.strip_prefix(word))
        {
            part = rest;
        }
        part
    });
    let last = parts.next_back().unwrap_or_default();
    let before = parts.next_back().unwrap_or_default();
    let is_general = ID_NOUNS_CHINESE.contains(&last);
    let phrase = if is_general {
        format!("{before}{last}")
    } else {
        last.to_owned()
    };
    let is_chinese = phrase.chars().any(is_cjk) && phrase.chars().count() <= MAX_CHARACTERS;
    if is_chinese { phrase } else { String::new() }
}

fn kind_of(words: &[String], chinese: &str) -> Option<&'static Kind> {
    let text = format!(" {} ", words.join(" "));
    KINDS.iter().find(|kind| {
        let named = kind
            .words
            .iter()
            .any(|word| text.contains(&format!(" {word} ")));
        let ends = kind.shape == Shape::Identifier;
        named
            || kind.chinese.iter().any(|word| {
                if ends {
                    chinese.ends_with(word)
                } else {
                    chinese.contains(word)
                }
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_name_their_items() {
        for (description, variable, shape, named, subject) in [
            (
                "order number",
                "OrderID",
                Shape::Identifier,
                "order no",
                "order",
            ),
            (
                "The number of the order the user asks about",
                "X",
                Shape::Identifier,
                "order number",
                "order",
            ),
            (
                "用户要查询的订单号（5 位数字）",
                "Nr",
                Shape::Identifier,
                "订单编号",
                "订单",
            ),
            ("快递的单号", "x", Shape::Identifier, "快递单号", "快递"),
            (
                "Contact phone number",
                "p",
                Shape::Phone,
                "contact phone number",
                "",
            ),
            ("联系人手机号", "p", Shape::Phone, "联系人手机号", ""),
            ("e-mail address", "p", Shape::Email, "email address", ""),
            ("date of delivery", "p", Shape::Date, "delivery date", ""),
            ("新的收货地址", "NewAddress", Shape::Address, "收货地址", ""),
            ("客户姓名", "p", Shape::Name, "姓名", ""),
            ("why it is sent back", "Reason", Shape::Text, "reason", ""),
        ] {
            let keys = Keys::new(description, variable);
            assert_eq!(keys.shape, shape, "{description}: {keys:?}");
            assert!(
                keys.named.iter().any(|key| key == named),
                "{description}: {keys:?}"
            );
            let found = keys.subjects.iter().any(|key| key == subject);
            assert_eq!(found, !subject.is_empty(), "{description}: {keys:?}");
        }
    }
}
