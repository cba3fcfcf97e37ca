//! What can be written in a conversation that is held here.

/// What `/help` prints.
pub(super) const HELP: &str = "\
/vars   the session's variables, and what was collected
/calls  every call so far, with what was sent and answered
/run    where the run stands
/close  close the conversation
/quit   leave it; it can be gone on with
//text  say `/text` to the bot";

/// A line that was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Empty.
    Nothing,
    /// Said to the bot.
    Say(&'a str),
    Variables,
    Calls,
    Run,
    Close,
    Help,
    Quit,
    /// A command that there is not.
    Unknown(&'a str),
}

impl<'a> Line<'a> {
    /// Reads a line, its end included.
    pub(super) fn of(line: &'a str) -> Self {
        let line = line.trim();
        match line {
            "" => Self::Nothing,
            "/vars" => Self::Variables,
            "/calls" => Self::Calls,
            "/run" => Self::Run,
            "/close" => Self::Close,
            "/help" => Self::Help,
            "/quit" => Self::Quit,
            said => match said.strip_prefix('/') {
                None => Self::Say(said),
                Some(rest) if rest.starts_with('/') => Self::Say(rest),
                Some(_) => Self::Unknown(said),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn a_slash_begins_a_command_and_two_say_one() {
        assert_eq!(Line::of(" 12345 \r\n"), Line::Say("12345"));
        assert_eq!(Line::of("/vars\n"), Line::Variables);
        assert_eq!(Line::of("//vars\n"), Line::Say("/vars"));
        assert_eq!(Line::of("/var"), Line::Unknown("/var"));
        assert_eq!(Line::of(" \n"), Line::Nothing);
    }
}
