//! Synthetic conversations: the same lines for the same seed, to be imported like real ones.

mod script;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ringback_types::{Random, ScheduleTime};
use serde_json::{Value, json};

use self::script::{Language, Line, Place, Role, Scene, Words};
use crate::archive::Archive;
use crate::message::{AUDIO_ARCHIVE, TEXT, VOICE};

const KNOWLEDGE: &str = include_str!("generate/knowledge.txt");
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Members and customers of a group.
const GROUP_MEMBERS: u64 = 3;
const GROUP_CUSTOMERS: u64 = 2;
/// Somebody answers after so many seconds.
const PAUSE_SECONDS: std::ops::Range<u64> = 4..90;
const CALL_SECONDS: std::ops::Range<u64> = 30..600;

/// How much is made, and when it was said.
#[derive(Debug, Clone)]
pub struct Generate {
    /// Messages.
    pub messages: usize,
    /// Members of the corp, at least 2.
    pub members: usize,
    /// Customers, at least 1; about half of them speak English.
    pub customers: usize,
    /// Group chats with customers.
    pub groups: usize,
    /// Over how many days before `now` the messages are spread.
    pub days: u32,
    /// When the last of them may have been sent.
    pub now: ScheduleTime,
}

impl Generate {
    /// A thousand messages of the four days before `now`, so that all of them are listed.
    pub fn new(now: ScheduleTime) -> Self {
        Self {
            messages: 1_000,
            members: 8,
            customers: 30,
            groups: 6,
            days: 4,
            now,
        }
    }
}

impl Archive {
    /// NDJSON lines of synthetic conversations, without line ends: members, customers, groups, consents,
    /// tag groups and knowledge first, then the messages in the order of their send time. The same seed
    /// and wish give the same lines, ids too, so that an import of them can be repeated.
    pub fn generate(seed: u64, wish: &Generate) -> impl Iterator<Item = String> + use<> {
        let mut cast = Cast::new(seed, wish);
        let people = cast.lines();
        let messages = Messages::new(cast, wish);
        people.into_iter().chain(messages)
    }
}

/// Chance with a seed.
struct Dice(Random);

impl Dice {
    fn below(&self, end: u64) -> u64 {
        u64::from_le_bytes(self.0.bytes()) % end.max(1)
    }

    fn within(&self, range: std::ops::Range<u64>) -> u64 {
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
struct Cast {
    dice: Dice,
    scenes: Vec<Scene>,
    members: Vec<Person>,
    /// With the number of the member each belongs to.
    customers: Vec<(Person, usize)>,
    groups: Vec<Group>,
    begin_ms: i64,
}

impl Cast {
    fn new(seed: u64, wish: &Generate) -> Self {
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
        let group = |number| {
            let language = Language::of_number(number);
            let speaks = |(_, (person, _)): &(usize, &(Person, usize))| person.language == language;
            let able: Vec<_> = customers
                .iter()
                .enumerate()
                .filter(speaks)
                .map(|(at, _)| at)
                .collect();
            // With a single customer there is nobody who speaks English.
            (!able.is_empty()).then(|| Group {
                chatid: dice.id("wr"),
                language,
                members: some_of(&dice, GROUP_MEMBERS, members.len()),
                customers: some_of(&dice, GROUP_CUSTOMERS, able.len())
                    .into_iter()
                    .map(|at| able[at])
                    .collect(),
            })
        };
        let groups = (0..wish.groups).filter_map(group).collect();
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
    fn lines(&mut self) -> Vec<String> {
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
    fn stage(&self) -> Staged<'_> {
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
struct Staged<'a> {
    scene: &'a Scene,
    chatid: Option<&'a str>,
    staff: Value,
    colleague: Value,
    customer: Value,
    /// Members of the group who only listen.
    others: Vec<Value>,
}

impl Staged<'_> {
    fn message(&self, dice: &Dice, words: &Words, line: &Line, send_time: i64) -> Value {
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

/// The messages in the order of send time. Scenes begin evenly over the days and overlap; a line waits
/// until no scene that begins later can come before it.
struct Messages {
    cast: Cast,
    total: usize,
    made: usize,
    end_ms: i64,
    /// Lines by send time and number.
    waiting: BinaryHeap<Reverse<(i64, usize, String)>>,
    ready: VecDeque<String>,
}

impl Messages {
    fn new(cast: Cast, wish: &Generate) -> Self {
        Self {
            cast,
            total: wish.messages,
            made: 0,
            end_ms: wish.now.as_millis(),
            waiting: BinaryHeap::new(),
            ready: VecDeque::new(),
        }
    }

    /// When the next scene begins.
    fn begin_ms(&self) -> i64 {
        let span = (self.end_ms - self.cast.begin_ms) as f64;
        self.cast.begin_ms + (span * self.made as f64 / self.total as f64) as i64
    }

    fn play_scene(&mut self) {
        let (dice, mut at_ms) = (&self.cast.dice, self.begin_ms());
        let staged = self.cast.stage();
        let words = Words::draw(staged.scene.language, |end| dice.below(end));
        for line in staged.scene.lines.iter().take(self.total - self.made) {
            let send_time = at_ms.min(self.end_ms) / 1000;
            let message = staged.message(dice, &words, line, send_time).to_string();
            self.waiting.push(Reverse((send_time, self.made, message)));
            self.made += 1;
            at_ms += dice.within(PAUSE_SECONDS) as i64 * 1000;
        }
    }

    fn release(&mut self) {
        let next = if self.made < self.total {
            self.begin_ms() / 1000
        } else {
            i64::MAX
        };
        while let Some(Reverse((send_time, _, _))) = self.waiting.peek() {
            if *send_time >= next {
                break;
            }
            let Some(Reverse((_, _, line))) = self.waiting.pop() else {
                break;
            };
            self.ready.push_back(line);
        }
    }
}

impl Iterator for Messages {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        while self.ready.is_empty() {
            if self.made >= self.total && self.waiting.is_empty() {
                return None;
            }
            if self.made < self.total {
                self.play_scene();
            }
            self.release();
        }
        self.ready.pop_front()
    }
}

/// So many different numbers below `end`, or all of them.
fn some_of(dice: &Dice, count: u64, end: usize) -> Vec<usize> {
    let mut left: Vec<_> = (0..end).collect();
    let count = (count as usize).min(end);
    (0..count)
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
