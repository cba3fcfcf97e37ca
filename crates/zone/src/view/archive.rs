//! What an import did.

use std::ops::AddAssign;

use ringback_archive::Imported;
use serde::Serialize;

macro_rules! imported {
    ($($(#[$doc:meta])* $member:ident,)*) => {
        /// What was imported.
        #[derive(Debug, Default, Serialize, utoipa::ToSchema)]
        pub(crate) struct ImportedView {
            $($(#[$doc])* $member: u64,)*
        }

        impl From<Imported> for ImportedView {
            fn from(imported: Imported) -> Self {
                Self { $($member: imported.$member,)* }
            }
        }

        /// Chunk after chunk.
        impl AddAssign for ImportedView {
            fn add_assign(&mut self, more: Self) {
                $(self.$member += more.$member;)*
            }
        }
    };
}

imported! {
    /// Messages that are new.
    messages,
    /// Messages that were there already; they stay as they were.
    duplicates,
    /// Members, new or changed, like everything below.
    members,
    /// Customers.
    customers,
    /// Group chats.
    chats,
    /// Consents.
    consents,
    /// Tag groups.
    tag_groups,
    /// Knowledge bases.
    knowledge_bases,
    /// Fragments of knowledge.
    knowledge,
}
