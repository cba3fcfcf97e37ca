//! What messages start and tell, row by row.

use proptest::prelude::*;
use regex::Regex;
use ringback_flow::document::{Item, Trigger};
use ringback_flow::matcher::{Meaning, Wanted, choose, is_skip, option, pick};

/// Which of these triggers a message starts.
fn started(message: &str, triggers: &[Trigger]) -> Option<usize> {
    let meanings: Vec<Meaning> = triggers.iter().map(Meaning::new).collect();
    choose(message, &meanings)
}

fn trigger(intent: &str, examples: &[&str]) -> Trigger {
    Trigger {
        intent: intent.to_owned(),
        examples: examples.iter().map(|&example| example.to_owned()).collect(),
    }
}

/// The flow, its intent, its examples.
const FLOWS: &str = "
status | The user wants to know the status of an order | Where is my order?; Track my parcel; Has my package been shipped yet; 查询订单状态; 我的快递到哪了; 什么时候发货
refund | The user wants a refund or to send goods back | I want a refund; How can I return an item; Give me my money back; 我要退款; 怎么退货; 把钱退给我
invoice | The user needs an invoice | Send me an invoice; I need a receipt for my order; 开发票; 发票抬头开错了
address | The user wants to change the delivery address | Change my shipping address; I moved, deliver it somewhere else; 修改收货地址; 地址填错了
hours | Opening hours of the shops | When are you open?; What are your opening hours; 你们几点开门; 营业时间
person | The user wants to speak to a person | Talk to a human; Let me speak with an agent; 转人工; 人工客服; 我要投诉
";

fn flows() -> (Vec<&'static str>, Vec<Trigger>) {
    let flows = rows(FLOWS).map(|[name, intent, examples]| {
        let examples: Vec<&str> = examples.split("; ").collect();
        (name, trigger(intent, &examples))
    });
    flows.unzip()
}

/// The rows of a table, with their columns.
fn rows<const COLUMNS: usize>(table: &str) -> impl Iterator<Item = [&str; COLUMNS]> {
    let lines = table.lines().filter(|line| !line.is_empty());
    lines.map(|line| {
        let columns: Vec<&str> = line.split(" | ").collect();
        columns
            .try_into()
            .unwrap_or_else(|_| panic!("a row of another length: {line}"))
    })
}

/// The flow or `-`, the row's point, the message.
const STARTS: &str = "
status | an example as it stands | Where is my order?
status | signs and case do not count | WHERE IS MY ORDER
status | a number does no harm | where is my order 12345
status | an id does no harm | Where's my order ORD-2024/77?
status | courtesy says nothing | Hi, could you please tell me where my order is? Thanks!
status | a noun of an example | parcel tracking
status | another form of the verb | is my package shipping today
status | the intent's words | order status
refund | one word | refund
refund | a plural | refunds
refund | in a longer sentence | the jacket does not fit, I want a refund
refund | a rare word beats a common one | I would like a refund for order 88
refund | an idiom | I want my money back
refund | another word order | how do I return the item I bought
invoice | the order is not the point | please send the invoice for my order
invoice | a synonym that an example has | can I get a receipt
invoice | a form of the noun | invoices
address | two flows share `address`'s neighbours | change the address of my order
address | the reason is said first | we moved, please change the shipping address
hours | opening | are you open on sunday
hours | hours | opening hours?
person | a person | I want to talk to a real human
person | an agent | agent please
- | small talk | hello
- | small talk with a question word | how are you
- | a question of nothing here | what is the weather like today
- | thanks | thank you very much
- | a bare number | 12345
- | signs only | ???!
- | another business | do you sell bicycles
status | an example as it stands, in Chinese | 查询订单状态
status | full-width signs | 查询订单状态？！
status | a polite frame | 您好，请问我的订单现在是什么状态
status | an id in the middle | 查询订单12345的状态
status | a full-width id | 我的订单１２３４５到哪了
status | a part of an example | 我的快递到哪里了呢
status | when it is sent | 请问什么时候能发货
refund | a refund | 我想退款
refund | the bare word | 退款
refund | the bare verb in a sentence | 这件衣服不合适，我要退货
refund | said as a complaint about money | 把我的钱退给我
invoice | an invoice | 能不能开一张发票
invoice | the order is not the point, in Chinese | 订单的发票在哪里开
address | an address | 我想修改一下收货地址
address | a mistake in the address | 收货地址填错了怎么办
hours | opening hours | 请问你们的营业时间
hours | opening, by the clock | 明天几点开门
person | a person, in Chinese | 转人工
person | a person with courtesy | 麻烦帮我转一下人工客服，谢谢
refund | both languages | 我要 refund
person | a complaint | 投诉
- | small talk about the weather | 今天天气怎么样
- | a greeting | 你好
- | thanks, in Chinese | 好的，谢谢
- | praise | 你真聪明
- | another business, in Chinese | 你们卖自行车吗
- | a joke | 给我讲个笑话
";

#[test]
fn a_message_starts_the_flow_that_it_means() {
    let (names, flows) = flows();
    let mut wrong = Vec::new();
    for [expected, point, message] in rows(STARTS) {
        let expected = if expected == "-" { "" } else { expected };
        let begun = started(message, &flows).map_or("", |flow| names[flow]);
        if begun != expected {
            wrong.push(format!(
                "{point}: {message:?} starts {begun:?}, not {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn of_equal_flows_the_first_is_taken_and_an_exact_sentence_wins() {
    let twice = [
        trigger("refund", &["refund my order"]),
        trigger("refund", &["refund my order"]),
    ];
    assert_eq!(started("refund order", &twice), Some(0));
    let exact = [
        trigger("", &["refund my order", "refund order please"]),
        trigger("", &["refund"]),
    ];
    assert_eq!(started("Refund!", &exact), Some(1));
    let alone = [trigger("order status", &["where is my order"])];
    assert_eq!(started("order 12345?", &alone), Some(0));
    assert_eq!(started("good morning", &alone), None);
    assert_eq!(started("anything", &[]), None);
    assert_eq!(started("", &[trigger("", &["?"])]), None);
}

#[derive(Default, Clone)]
struct Want {
    description: &'static str,
    variable: &'static str,
    pattern: Option<&'static str>,
    quick_replies: &'static [&'static str],
    optional: bool,
}

fn want(description: &'static str, variable: &'static str) -> Want {
    Want {
        description,
        variable,
        ..Want::default()
    }
}

fn picked(message: &str, wants: &[Want], asked: Option<usize>) -> Vec<(usize, String)> {
    let items: Vec<(Item, Option<Regex>)> = wants
        .iter()
        .map(|want| {
            let item = Item {
                variable: want.variable.to_owned(),
                description: want.description.to_owned(),
                ask: None,
                optional: want.optional,
                quick_replies: want
                    .quick_replies
                    .iter()
                    .map(|&reply| reply.to_owned())
                    .collect(),
                pattern: want.pattern.map(str::to_owned),
            };
            (
                item,
                want.pattern.map(|pattern| Regex::new(pattern).unwrap()),
            )
        })
        .collect();
    let wanted: Vec<Wanted<'_>> = items
        .iter()
        .map(|(item, pattern)| Wanted {
            item,
            pattern: pattern.as_ref(),
        })
        .collect();
    pick(message, &wanted, asked)
}

/// The item, what is found of it or `-`, the row's point, the message.
const TOLD: &str = "
order | 12345 | a word between | My order number is 12345
order | 12345 | another noun and a sign | order no: 12345
order | A-77/3 | a dot and a sign | Order No.: A-77/3, please
order | 42 | a hash | order #42
order | 12345 | the subject alone | where is my order 12345?
order | 12345 | the value first | 12345 is my order number
order | 12345 | Chinese of an English description | 我的订单号是 12345
chinese | 12345 | nothing between | 订单号12345什么时候到
chinese | 12345 | full width | 订单号：１２３４５。
chinese | AB-12 | another noun | 订单编号为AB-12
chinese | 12345 | the subject alone, in Chinese | 查一下订单12345
chinese | 12345 | the value first, in Chinese | 12345是我的订单号
phone | 13800138000 | a phone | 手机号：13800138000
phone | +86 138-0013-8000 | a phone, in English | my phone is +86 138-0013-8000.
email | li.lei@example.com | an e-mail address | 邮箱是 li.lei@example.com，谢谢
email | a@b.com | an e-mail address needs no key | send it to a@b.com
date | May 3, 2024 | a date | the delivery date is May 3, 2024
date | 2024年5月3日 | a date, in Chinese | 日期是2024年5月3日
amount | 99.50 | an amount | 退款金额是 ¥99.50 元
name | Li Lei | a name | My name is Li Lei, hello
name | 李雷 | a name, in Chinese | 姓名：李雷
address | 北京市朝阳区1号楼 | an address | 收货地址是北京市朝阳区1号楼
reason | too small, and blue | a text after a sign | reason: too small, and blue
coded | 0042 | group 1 of a pattern | it is ORD-0042 I think
plain | 12345 | a pattern without a group | 12 or 12345 or 67890
plain | 12345 | a pattern takes full width | 是１２３４５吗
reply | Visa | an offered answer | I paid with visa.
reply | 支付宝 | an offered answer, in Chinese | 用支付宝付的
order | - | no value | where is my order
chinese | - | no value, in Chinese | 我的订单到哪了
order | - | another number | I have 12345 questions
order | 100 | a count | order 100 pizzas in 200 days
order | - | a count with its unit | my order 100 days ago
chinese | - | a date beside the subject | 订单2024-05-01下的
chinese | - | a small number beside the subject | 订单3天没到
address | - | what is wrong is no address | 收货地址是错的
name | - | what is wrong is no name | my name is misspelled
reason | - | a text without a sign | the reason is unclear
order | - | a part of a word | reorder 12345
reply | - | a bare offered answer | No, where is it?
reply | - | a denied offered answer | not visa
order | 12345 | a short form of the word between | the order number's 12345
address | 5 Main Street, London | a change | please change my address to 5 Main Street, London
address | 上海市世纪大道1号 | a change, in Chinese | 把地址改成上海市世纪大道1号
order | - | where it goes is not its number | send my order to 5 Main Street
reason | 太小了，不要 | an open value stays as it was written | Reason：太小了，不要。
";

/// The same for answers to the item's own question.
const ANSWERED: &str = "
order | A 77 | the whole answer | A 77
order | 12345 | a prefix goes | it's 12345
order | 12345 | a prefix and thanks go | It is 12345, thanks!
order | 12345 | a prefix goes, in Chinese | 是12345
chinese | 12345 | the item's own words go | 我的订单号 就是 12345
reason | it is broken | what has no form stays whole | it is broken
order | 12345 or 67890 | two values stay whole | 12345 or 67890
coded | - | a pattern that finds nothing | no idea of it, 42
reply | 支付宝 | an offered answer's number | 第二个
reply | No | a bare offered answer to its question | no
reply | cash | none of the offered answers | cash
order | - | a required item is not skipped | 不知道
voluntary | \"\" | an optional one is | 跳过
voluntary | \"\" | an optional one takes a plain no | No.
voluntary_coded | \"\" | an optional one with a pattern | skip
voluntary | 77-1 | an optional one that is given | 77-1
order | 12345 | a general noun goes | The number is 12345.
name | Bob | a name is announced | I'm Bob
name | 李雷 | a name is announced, in Chinese | 我叫李雷
address | my address is wrong | what is wrong stays whole | my address is wrong
reason | 太小了，而且颜色不对！ | an open value stays as it was written | 太小了，而且颜色不对！
";

fn item(name: &str) -> Want {
    let order = want("order number", "OrderID");
    let coded = Want {
        pattern: Some(r"(?i)\bord-([0-9]+)"),
        ..want("order number", "OrderID")
    };
    match name {
        "order" => order,
        "chinese" => want("用户的订单号", "OrderNr"),
        "phone" => want("手机号", "Phone"),
        "email" => want("e-mail address", "Email"),
        "date" => want("delivery date", "Date"),
        "amount" => want("退款金额", "Amount"),
        "name" => want("name", "Name"),
        "address" => want("新的收货地址", "Address"),
        "reason" => want("why it is sent back", "Reason"),
        "coded" => coded,
        "plain" => Want {
            pattern: Some("[0-9]{5}"),
            ..order
        },
        "reply" => Want {
            quick_replies: &["Visa", "支付宝", "No"],
            ..want("payment", "Payment")
        },
        "voluntary" => Want {
            optional: true,
            ..order
        },
        "voluntary_coded" => Want {
            optional: true,
            ..coded
        },
        other => panic!("no item {other}"),
    }
}

#[test]
fn one_item_is_found_where_it_is_said() {
    let mut wrong = Vec::new();
    for (table, asked) in [(TOLD, None), (ANSWERED, Some(0))] {
        for [name, expected, point, message] in rows(table) {
            let found = picked(message, &[item(name)], asked);
            let expected = match expected {
                "-" => vec![],
                "\"\"" => vec![(0, String::new())],
                value => vec![(0, value.to_owned())],
            };
            if found != expected {
                wrong.push(format!(
                    "{point}: {message:?} gives {found:?}, not {expected:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(picked("  ", &[item("order")], Some(0)), []);
    assert_eq!(
        picked(" A 77\n", &[item("order")], Some(0)),
        [(0, "A 77".to_owned())]
    );
}

/// The items, the asked one or `-`, what is found, the row's point, the message.
const SHARED: &str = "
order number, invoice number | - | 0=12345 1=678 | two ids | order 12345, invoice no. 678
order number, 手机号 | - | 0=12345 1=13800138000 | an id and a phone | 订单号12345，手机号13800138000
order number, order number again | - | 0=12345 | a piece is taken once | order number 12345
order number, note | 1 | 0=12345 | what one took does not answer another | order number 12345
order number, note | 1 | 1=door | the answer is the asked one's | door
order number | 7 |  | an item that is not there is not asked | hello
";

#[test]
fn several_items_each_take_their_own_piece() {
    for [items, asked, expected, point, message] in rows(SHARED) {
        let wants: Vec<Want> = items.split(", ").map(|item| want(item, "X")).collect();
        let found = picked(message, &wants, asked.parse().ok());
        let found: Vec<_> = found
            .iter()
            .map(|(number, value)| format!("{number}={value}"))
            .collect();
        assert_eq!(found.join(" "), expected, "{point}: {message}");
    }
    // An open text ends where the next one begins.
    let message = "new address: 5 Main St, London, and my phone is 138001";
    let wants = [want("new address", "Address"), want("手机号", "Phone")];
    let expected = [
        (0, "5 Main St, London".to_owned()),
        (1, "138001".to_owned()),
    ];
    assert_eq!(picked(message, &wants, None), expected);
}

/// The options, the number of the one that is meant or `-`, the row's point, the answer.
const MEANT: &str = "
wishes | 0 | the text | Refund
wishes | 0 | the text in another case | refund!
wishes | 1 | a number | 2
wishes | 2 | a number with a sign | 3.
wishes | 1 | a full-width number | ２
wishes | 1 | a number named as one | option 2
wishes | 2 | a number named as one, shorter | No. 3
wishes | 1 | an ordinal | the second one, please
wishes | 1 | an ordinal in digits | 2nd
wishes | 0 | a cardinal | one
wishes | 2 | the last | the last one
wishes | 1 | an ordinal, in Chinese | 第二个
wishes | 2 | an ordinal with a verb | 我选第三项吧
wishes | 1 | a digit with a measure | 选2
wishes | 2 | a named option, in Chinese | 选项三
wishes | - | a number of none | 7
wishes | - | zero | 0
wishes | 0 | the text within | I think I want a refund
wishes | 0 | another form of the word | refunds
wishes | 1 | a part of the text | address
wishes | 2 | words of the text in another order | person, speak
wishes | 1 | all of its words among others | I must change my new address
wishes | - | two of them | refund and speak to a person
wishes | - | a denied one | I don't want a refund
wishes | - | none | what?
chinese | 1 | the longer of two within | 我想查退款进度
chinese | 0 | the shorter one as it stands | 退款
chinese | 1 | a part of one | 进度
chinese | 2 | a part of one with a particle | 其他吧
chinese | - | a denied one, in Chinese | 不要退款
months | 1 | a number that another has | 6
months | - | a number that is one's and another's | 3
months | 2 | the same, said plainly | 第3个
yes_no | 0 | yes for short | 是
yes_no | 1 | no for short | 不
wanting | 1 | not | 我不要
";

#[test]
fn an_answer_means_the_option_that_it_names() {
    for [name, expected, point, message] in rows(MEANT) {
        let options = match name {
            "wishes" => &["Refund", "Change the address", "Speak to a person"][..],
            "chinese" => &["退款", "退款进度", "其他问题"],
            "months" => &["3 months", "6 months", "12 months"],
            "yes_no" => &["是的", "不是"],
            "wanting" => &["要", "不要"],
            other => panic!("no options {other}"),
        };
        let meant = option(message, options.iter().copied());
        assert_eq!(meant, expected.parse().ok(), "{point}: {message}");
    }
    assert_eq!(option("👎", ["👍", "👎"]), Some(1));
    assert_eq!(option(" ", ["", "x"]), None);
    assert_eq!(option("2", []), None);
}

#[test]
fn declining_is_told_from_answering() {
    let declining = "跳过|没有|没有了|不知道|我不知道|忘记了|不清楚呢。|skip|Skip this, please|none|N/A|I don't know|\
        I do not know.|not sure|I don't have one|I don’t remember|sorry, no idea";
    for message in declining.split('|') {
        assert!(is_skip(message), "{message}");
    }
    let answering = "|?|没有收到货|no|不是|12345|nothing works any more since yesterday|我不知道为什么坏了|next week";
    for message in answering.split('|') {
        assert!(!is_skip(message), "{message}");
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let pieces = "order number 订单 号 是 ： 12345 第 二 个 十 no not 不 ' ’ # K ß İ １ a@b.c 2024-05-01 address 地址 \
        name is my 手机 - _ . 👍 and skip 退款 的 \u{0} ¥ , to 改成 Li";
    let pieces: Vec<&str> = pieces.split(' ').chain([" ", "\n", "\u{3000}"]).collect();
    let piece = proptest::sample::select(pieces);
    let pieces = proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat());
    prop_oneof![pieces, any::<String>()]
}

proptest! {
    #[test]
    fn no_message_is_too_strange(message in hostile(), other in hostile(), asked in proptest::option::of(0_usize..5)) {
        let flows = [trigger(&other, &[&message]), trigger(&message, &[&other])];
        prop_assert_eq!(started(&message, &flows), started(&message, &flows));
        prop_assert_eq!(option(&message, [other.as_str(), "退款", "2"]), option(&message, [other.as_str(), "退款", "2"]));
        prop_assert!(!is_skip(&message) || message.chars().count() < 100);
        let wants = [
            want("order number", "OrderID"),
            want("地址", "Address"),
            want("name", "Name"),
            Want { pattern: Some("[0-9]+"), optional: true, ..want("x", "X") },
            Want { quick_replies: &["退款", "no"], ..want("y", "Y") },
        ];
        let found = picked(&message, &wants, asked);
        prop_assert_eq!(&found, &picked(&message, &wants, asked));
        prop_assert!(found.is_sorted_by(|one, next| one.0 < next.0));
        prop_assert!(found.iter().all(|(number, value)| !value.is_empty() || (Some(*number) == asked && wants[*number].optional)));
        // An item is described by people too.
        let item = Item { variable: message.clone(), description: other, ask: None, optional: false, quick_replies: vec![], pattern: None };
        pick(&message, &[Wanted { item: &item, pattern: None }; 2], asked);
    }
}

#[test]
fn a_long_message_costs_little() {
    let (_, flows) = flows();
    for message in [
        "订单号: ".repeat(40_000),
        "my order number is ".repeat(40_000),
        "退".repeat(400_000),
        "a".repeat(1_000_000),
    ] {
        started(&message, &flows);
        option(&message, [message.as_str(), "退款"]);
        let wants: Vec<Want> = (0..20).map(|_| want("order number", "OrderID")).collect();
        picked(&message, &wants, Some(0));
    }
}
