//! Who takes part in the conversations, and who says what.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ringback_types::Random;
use serde_json::{Value, json};

use super::Generate;
use super::script::{self, Language, Line, Place, Role, Scene, Words};
use crate::message::{AUDIO_ARCHIVE, TEXT, VOICE};

const KNOWLEDGE: &str = include_str!("knowledge.txt");
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Members and customers of a group.
const GROUP_MEMBERS: usize = 3;
const GROUP_CUSTOMERS: usize = 2;
const CALL_SECONDS: std::ops::Range<u64> = 30..600;

/// Chance with a seed.
pub(super) struct Dice(Random);

impl Dice {
    pub(super) fn below(&self, end: u64) -> u64 {
        u64::from_le_bytes(self.0.bytes()) % end.max(1)
    }

    pub(super) fn within(&self, range: std::ops::Range<u64>) -> u64 {
        range.start + self.below(range.end - range.start)
    }

    fn one_of<'a, T>(&self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// An id in the platform's shape: two letters and thirty alphanumerics.
    fn id(&self, prefix: &str) -> String {
        const ALPHANUMERIC: &[u8; 62] =
            b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let letters = (0..30).map(|_| char::from(*self.one_of(ALPHANUMERIC)));
        prefix.chars().chain(letters).collect()
    }
}

struct Person {
    id: String,
    name: &'static str,
    language: Language,
}

/// A group of members and customers who speak one language.
struct Group {
    chatid: String,
    language: Language,
    members: Vec<usize>,
    customers: Vec<usize>,
}

/// Everybody who takes part.
pub(super) struct Cast {
    pub(super) dice: Dice,
    scenes: Vec<Scene>,
    members: Vec<Person>,
    /// With the number of the member each belongs to.
    customers: Vec<(Person, usize)>,
    groups: Vec<Group>,
    /// When the first scene begins.
    pub(super) begin_ms: i64,
}

impl Cast {
    pub(super) fn new(seed: u64, wish: &Generate) -> Self {
        let dice = Dice(Random::seeded(seed));
        let person = |prefix: &str, language: Language| Person {
            id: dice.id(prefix),
            name: dice.one_of::<&'static str>(language.names()),
            language,
        };
        let members: Vec<_> = (0..wish.members.max(2))
            .map(|_| person("wo", Language::Chinese))
            .collect();
        let customers: Vec<_> = (0..wish.customers.max(1))
            .map(|number| {
                let owner = dice.below(members.len() as u64) as usize;
                (person("wm", Language::of_number(number)), owner)
            })
            .collect();
        let groups = (0..wish.groups)
            .filter_map(|number| group(&dice, number, members.len(), &customers))
            .collect();
        let begin_ms = wish.now.as_millis() - i64::from(wish.days) * DAY_MS;
        Self {
            scenes: script::scenes(),
            members,
            customers,
            groups,
            begin_ms,
            dice,
        }
    }

    /// Everything but the messages.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<Value> = Vec::new();
        let since = self.begin_ms / 1000;
        lines.extend(self.members.iter().map(|person| {
            json!({ "kind": "member", "userid": person.id, "name": person.name, "edition_list": [1, 2, 3] })
        }));
        for (customer, owner) in &self.customers {
            let userid = &self.members[*owner].id;
            lines.push(json!({
                "kind": "customer", "external_userid": customer.id, "name": customer.name,
                "follower_list": [userid],
            }));
            lines.push(json!({
                "kind": "consent", "userid": userid, "external_userid": customer.id,
                "agree_status": "Agree", "status_change_time": since,
            }));
        }
        lines.extend(self.groups.iter().map(|group| self.chat(group, since)));
        lines.extend(tag_groups(&self.dice));
        lines.extend(knowledge(&self.dice));
        lines.iter().map(Value::to_string).collect()
    }

    fn chat(&self, group: &Group, since: i64) -> Value {
        let of = |id: &str, kind: u8| json!({ "memberid": id, "jointime": since, "type": kind });
        let members = group.members.iter().map(|at| of(&self.members[*at].id, 1));
        let customers = group
            .customers
            .iter()
            .map(|at| of(&self.customers[*at].0.id, 2));
        json!({
            "kind": "chat", "chatid": group.chatid, "name": group.language.group_name(),
            "creator": self.members[group.members[0]].id, "room_create_time": since,
            "members": members.chain(customers).collect::<Vec<_>>(),
        })
    }

    /// A scene and who plays it.
    pub(super) fn stage(&self) -> Staged<'_> {
        loop {
            let scene = self.dice.one_of(&self.scenes);
            if let Some(staged) = self.try_stage(scene) {
                return staged;
            }
        }
    }

    /// `None` where nobody speaks the scene's language; internal scenes always find somebody.
    fn try_stage<'a>(&'a self, scene: &'a Scene) -> Option<Staged<'a>> {
        let party = |kind: u8, id: &str| json!({ "type": kind, "id": id });
        let member = |at: usize| party(1, &self.members[at].id);
        let (mut chatid, mut others) = (None, Vec::new());
        let [staff, colleague, customer] = match scene.place {
            Place::Internal => {
                let pair = some_of(&self.dice, 2, self.members.len());
                [member(pair[0]), member(pair[1]), Value::Null]
            }
            Place::Single => {
                let (customer, owner) = self.dice.one_of(&self.customers);
                (customer.language == scene.language).then_some(())?;
                [member(*owner), Value::Null, party(2, &customer.id)]
            }
            Place::Group => {
                (!self.groups.is_empty()).then_some(())?;
                let group = self.dice.one_of(&self.groups);
                (group.language == scene.language).then_some(())?;
                chatid = Some(group.chatid.as_str());
                let customers = group
                    .customers
                    .iter()
                    .map(|at| party(2, &self.customers[*at].0.id));
                others = customers
                    .skip(1)
                    .chain(group.members.iter().skip(2).map(|at| member(*at)))
                    .collect();
                let customer = party(2, &self.customers[group.customers[0]].0.id);
                [member(group.members[0]), member(group.members[1]), customer]
            }
        };
        Some(Staged {
            scene,
            chatid,
            staff,
            colleague,
            customer,
            others,
        })
    }
}

/// A scene and who plays it; nobody is `null`.
pub(super) struct Staged<'a> {
    pub(super) scene: &'a Scene,
    chatid: Option<&'a str>,
    staff: Value,
    colleague: Value,
    customer: Value,
    /// Members of the group who only listen.
    others: Vec<Value>,
}

impl Staged<'_> {
    pub(super) fn message(&self, dice: &Dice, words: &Words, line: &Line, send_time: i64) -> Value {
        let sender = match line.role {
            Role::Staff => &self.staff,
            Role::Colleague => &self.colleague,
            Role::Customer => &self.customer,
        };
        let everybody = [&self.staff, &self.colleague, &self.customer];
        let everybody = everybody.into_iter().chain(&self.others);
        let receivers: Vec<_> = everybody
            .filter(|party| !party.is_null() && *party != sender)
            .collect();
        let mut message = json!({
            "kind": "message", "msgid": URL_SAFE_NO_PAD.encode(dice.0.bytes::<24>()),
            "sender": sender, "receiver_list": receivers, "send_time": send_time,
            "msgtype": line.msgtype,
        });
        if let Some(chatid) = self.chatid {
            message["chatid"] = chatid.into();
        }
        let said = words.fill(&line.text);
        match line.msgtype {
            TEXT => message["text"] = said.into(),
            VOICE => message["transcript"] = said.into(),
            AUDIO_ARCHIVE => {
                message["transcript"] = said.into();
                message["call_duration"] = dice.within(CALL_SECONDS).into();
            }
            _ => message["content"] = json!({ "name": said }),
        }
        message
    }
}

/// So many different numbers below `end`, or all of them.
fn some_of(dice: &Dice, count: usize, end: usize) -> Vec<usize> {
    let mut left: Vec<_> = (0..end).collect();
    (0..count.min(end))
        .map(|_| left.swap_remove(dice.below(left.len() as u64) as usize))
        .collect()
}

fn tag_groups(dice: &Dice) -> Vec<Value> {
    let groups = [
        ("客户阶段", ["咨询", "报价", "成交", "售后"]),
        ("Mood", ["content", "neutral", "annoyed", "angry"]),
    ];
    let group = |(name, tags): (&str, [&str; 4])| {
        let tag = |name| json!({ "tag_id": dice.id("et"), "tag_name": name });
        json!({
            "kind": "tag_group", "group_id": dice.id("et"), "group_name": name,
            "tag_list": tags.map(tag),
        })
    };
    groups.map(group).to_vec()
}

fn knowledge(dice: &Dice) -> Vec<Value> {
    let kb_id = dice.id("kb");
    let mut lines =
        vec![json!({ "kind": "knowledge_base", "kb_id": kb_id, "kb_name": "客服手册" })];
    lines.extend(script::content_lines(KNOWLEDGE).map(|line| match line.split_once('\t') {
        Some((question, answer)) => {
            json!({ "kind": "knowledge", "kb_id": kb_id, "question": question, "answer": answer })
        }
        None => json!({ "kind": "knowledge", "kb_id": kb_id, "text": line }),
    }));
    lines
}

/// A group in the language of its number, unless nobody speaks it.
fn group(
    dice: &Dice,
    number: usize,
    members: usize,
    customers: &[(Person, usize)],
) -> Option<Group> {
    let language = Language::of_number(number);
    let speaks = |at: &usize| customers[*at].0.language == language;
    let able: Vec<_> = (0..customers.len()).filter(speaks).collect();
    let chosen = some_of(dice, GROUP_CUSTOMERS, able.len());
    (!able.is_empty()).then(|| Group {
        chatid: dice.id("wr"),
        language,
        members: some_of(dice, GROUP_MEMBERS, members),
        customers: chosen.into_iter().map(|at| able[at]).collect(),
    })
}
