//! Files that an app puts into the zone (app sheet, 2.12): for three days, for that app alone.

use ringback_types::{AppId, ScheduleTime};
use serde::Serialize;

use crate::app::App;
use crate::errcode::{self, Refusal};
use crate::records;
use crate::zone::Zone;

/// 6 bytes to 60 MB (app sheet, 2.12).
const LEAST_BYTES: usize = 6;
/// The largest file.
pub(crate) const MOST_BYTES: usize = 60 << 20;
/// A file is kept in parts of this size, each a write of its own in the bulk lane.
const PART_BYTES: usize = 1 << 20;
/// The longest file name.
const NAME_BYTES: usize = 255;

/// A file as the store names it.
#[derive(Debug, Clone)]
pub(crate) struct Media {
    pub(crate) id: String,
    pub(crate) app: AppId,
    pub(crate) filename: String,
    pub(crate) bytes: usize,
    pub(crate) created_at: ScheduleTime,
    pub(crate) expires_at: ScheduleTime,
}

/// What `upload_media` answers; `created_at` is a text (app sheet, 2.12).
#[derive(Debug, Serialize)]
pub(crate) struct Uploaded {
    #[serde(rename = "type")]
    kind: &'static str,
    media_id: String,
    created_at: String,
}

impl Zone {
    /// Keeps a file; it is there once this answers.
    pub(crate) async fn upload(
        &self,
        app: &App,
        filename: String,
        content: &[u8],
    ) -> Result<Uploaded, Refusal> {
        match content.len() {
            0 => return Err(errcode::MEDIA_EMPTY.into()),
            1..LEAST_BYTES => return Err(errcode::BAD_MEDIA_SIZE.into()),
            LEAST_BYTES..=MOST_BYTES => {}
            _ => return Err(errcode::MEDIA_TOO_LARGE.into()),
        }
        if filename.is_empty() || filename.len() > NAME_BYTES || filename.contains('\0') {
            return Err(errcode::BAD_PARAMETER.saying("filename"));
        }
        let now = self.now();
        let media = Media {
            id: self.random().alphanumeric::<44>(),
            app: app.id,
            filename,
            bytes: content.len(),
            created_at: now,
            expires_at: now.plus(self.options().media_life),
        };
        for (number, part) in content.chunks(PART_BYTES).enumerate() {
            let statement = records::media::insert_part(self.store(), &media, number, part);
            self.store().write_bulk(vec![statement]).await?;
        }
        // Parts without this row are nobody's, and go when they expire.
        let row = records::media::insert(&media);
        self.store().write(vec![row]).await?;
        Ok(Uploaded {
            kind: "file",
            media_id: media.id,
            created_at: now.as_seconds().to_string(),
        })
    }
}
