//! Placeholders `{knowledge}` and `{tagjson}`: fragments of a knowledge base that resemble a text, and tag
//! groups (sheet wecom-zone-sdk, section 12).

mod similarity;

use std::fmt::Write as _;

use ringback_store::{ReadError, Row, Value};
use serde::Serialize;
use serde_json::value::RawValue;

use self::similarity::{Query, Ranking};
use crate::api::{ApiError, code};
use crate::archive::{Archive, off_thread};
use crate::corp::Corp;
use crate::records;

/// The most fragments that one call gives; the platform names no K.
const MOST_FRAGMENTS: usize = 50;
/// Fragments read at a time.
const ROWS_AT_ONCE: u32 = 200;
/// The most tag groups of one call.
const MOST_TAG_GROUPS: usize = 100;

/// A fragment of a knowledge base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// The question, where the base consists of questions and answers.
    pub question: Option<String>,
    /// The passage, or the answer.
    pub text: String,
}

/// Fragments as `{knowledge}` shows them to an own model: `文档1：<fragment>`, one a line, and
/// `文档1：<question>：<answer>` (section 12). Line breaks inside a fragment become spaces.
pub fn knowledge_text(fragments: &[Fragment]) -> String {
    let mut text = String::new();
    for (number, fragment) in (1..).zip(fragments) {
        let (before, colon) = match &fragment.question {
            Some(question) => (question.as_str(), "："),
            None => ("", ""),
        };
        let line = format!("{before}{colon}{}", fragment.text).replace(['\r', '\n'], " ");
        let end = if number == 1 { "" } else { "\n" };
        // Writing into a string cannot fail.
        let _ = write!(text, "{end}文档{number}：{line}");
    }
    text
}

/// What `{tagjson}` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagGroups {
    /// `{"tag_group":[{"group_id","group_name","tag_list":[{"tag_id","tag_name"}]}]}`.
    pub json: String,
    /// The ids that are no tag groups of the corp: `fail_tag_group_id_list`.
    pub unknown: Vec<String>,
}

#[derive(Serialize)]
struct TagJson {
    tag_group: Vec<TagGroup>,
}

#[derive(Serialize)]
struct TagGroup {
    group_id: String,
    group_name: String,
    tag_list: Box<RawValue>,
}

/// A knowledge base of a corp (SDK sheet, 10.11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnowledgeBase {
    /// Its id.
    pub kb_id: String,
    /// Its name.
    pub kb_name: String,
}

impl Archive {
    /// The knowledge bases of a corp, at most the 1,000 that a corp may have (SDK sheet, 10.11).
    pub async fn knowledge_bases(&self, corp: &str) -> Result<Vec<KnowledgeBase>, ApiError> {
        let Some(corp) = self.corp(corp) else {
            return Ok(Vec::new());
        };
        let of_corp = [Value::Int(corp.id)];
        let rows = self
            .store()
            .read(records::SELECT_KNOWLEDGE_BASES, of_corp)
            .await?;
        let base = |row: &Row| -> Result<KnowledgeBase, ApiError> {
            Ok(KnowledgeBase {
                kb_id: row.text(0)?.to_owned(),
                kb_name: row.text(1)?.to_owned(),
            })
        };
        rows.iter().map(base).collect()
    }

    /// The `count` fragments of the knowledge base (at most 50) that resemble `query` most, the best
    /// first; those that share no word with it are left out. Resemblance is BM25 over words and, in
    /// Chinese, Japanese and Korean, pairs of characters. Only the first [`Options::fragments`] of the
    /// base are looked at. Refuses with 800000 when the corp has no such base.
    ///
    /// [`Options::fragments`]: crate::Options::fragments
    pub async fn retrieve(
        &self,
        corp: &str,
        kb_id: &str,
        query: &str,
        count: usize,
    ) -> Result<Vec<Fragment>, ApiError> {
        let corp = self.corp(corp).ok_or_else(no_such_base)?;
        let of_base = [Value::Int(corp.id), Value::from(kb_id)];
        let base = self
            .store()
            .read(records::SELECT_KNOWLEDGE_BASE, of_base)
            .await?;
        if base.is_empty() {
            return Err(no_such_base());
        }
        let ranking = self.ranked(&corp, kb_id, Query::new(query)).await?;
        let mut fragments = Vec::new();
        for fragment_id in ranking.best(count.min(MOST_FRAGMENTS)) {
            let key = [Value::Int(corp.id), kb_id.into(), fragment_id.into()];
            let rows = self.store().read(records::SELECT_FRAGMENT, key).await?;
            fragments.extend(rows.first().map(fragment_of).transpose()?);
        }
        Ok(fragments)
    }

    /// Reads the base in steps; of each fragment only its counts are kept.
    async fn ranked(&self, corp: &Corp, kb_id: &str, query: Query) -> Result<Ranking, ApiError> {
        let mut ranking = Ranking::new(query);
        let (mut after, mut left) = (String::new(), self.options().fragments);
        while left > 0 {
            let most = left.min(ROWS_AT_ONCE);
            let values = [
                Value::Int(corp.id),
                kb_id.into(),
                (&after).into(),
                most.into(),
            ];
            let rows = self.store().read(records::SELECT_FRAGMENTS, values).await?;
            let Some(last) = rows.last() else { break };
            last.text(0)?.clone_into(&mut after);
            left -= rows.len() as u32;
            ranking = off_thread(move || counted(ranking, &rows)).await??;
        }
        Ok(ranking)
    }

    /// The tag groups with these ids, in the order asked for. Refuses with 40058 above 100.
    pub async fn tag_groups(&self, corp: &str, ids: &[String]) -> Result<TagGroups, ApiError> {
        if ids.len() > MOST_TAG_GROUPS {
            return Err(ApiError::bad("tag_group_list"));
        }
        let corp = self.corp(corp);
        let (mut tag_group, mut unknown) = (Vec::new(), Vec::new());
        for id in ids {
            match self.tag_group(corp.as_deref(), id).await? {
                Some(group) => tag_group.push(group),
                None => unknown.push(id.clone()),
            }
        }
        let json = crate::api::text(&TagJson { tag_group })?;
        Ok(TagGroups { json, unknown })
    }

    async fn tag_group(&self, corp: Option<&Corp>, id: &str) -> Result<Option<TagGroup>, ApiError> {
        let Some(corp) = corp else { return Ok(None) };
        let key = [Value::Int(corp.id), Value::from(id)];
        let rows = self.store().read(records::SELECT_TAG_GROUP, key).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let damaged = |_| ReadError::Failed("a tag group is damaged".to_owned());
        Ok(Some(TagGroup {
            group_id: id.to_owned(),
            group_name: row.text(0)?.to_owned(),
            tag_list: RawValue::from_string(row.text(1)?.to_owned()).map_err(damaged)?,
        }))
    }
}

fn counted(mut ranking: Ranking, rows: &[Row]) -> Result<Ranking, ReadError> {
    for row in rows {
        let question = row.maybe_text(1)?.unwrap_or_default();
        ranking.add(row.text(0)?, [question, row.text(2)?]);
    }
    Ok(ranking)
}

fn fragment_of(row: &Row) -> Result<Fragment, ReadError> {
    Ok(Fragment {
        question: row.maybe_text(0)?.map(str::to_owned),
        text: row.text(1)?.to_owned(),
    })
}

fn no_such_base() -> ApiError {
    ApiError::new(code::BAD_KNOWLEDGE_BASE, "invalid knowledge base id")
}
