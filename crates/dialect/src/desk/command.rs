//! The command words (3). Their capitals differ from word to word, and what is sent has to keep them.

ringback_types::words! {
    /// What Desk and its bots call a business with (sheet `tencent-desk`, section 3).
    Command {
        /// A task flow's API-call node runs; the answer fills its variables.
        InterfaceInvocation = "Chatbot.InterfaceInvocation",
        /// A task flow began, went a step or ended.
        TaskFlowEventNotify = "Chatbot.TaskFlowEventNotify",
        /// Something happened in a session.
        SessionEventNotify = "Desk.SessionEventNotify",
        /// A user asks for a person; the answer says which group or agent.
        OnAssignHuman = "ChatBot.OnAssignHuman",
        /// The same on the platform's older page.
        OnAssignAgent = "ChatBot.OnAssignAgent",
        /// An app sends a bot something of its own; the answer goes back to the bot.
        OnC2CSignalMessage = "Chatbot.OnC2CSignalMessage",
        /// A message to a bot.
        OnC2CMessage = "Bot.OnC2CMessage",
        /// A message in a group that mentions a bot.
        OnGroupMessage = "Bot.OnGroupMessage",
    }
}

impl Command {
    /// The command of this word, whatever its capitals: the platform's own pages write `Chatbot` and
    /// `ChatBot` (3), and people copy the wrong one.
    pub fn find(word: &str) -> Option<Self> {
        let same = |command: &&Self| command.as_str().eq_ignore_ascii_case(word);
        Self::ALL.iter().find(same).copied()
    }

    /// Whether somebody waits for the answer, which is used on the spot.
    pub const fn is_call(self) -> bool {
        match self {
            Self::InterfaceInvocation
            | Self::OnAssignHuman
            | Self::OnAssignAgent
            | Self::OnC2CSignalMessage => true,
            Self::TaskFlowEventNotify
            | Self::SessionEventNotify
            | Self::OnC2CMessage
            | Self::OnGroupMessage => false,
        }
    }

    /// Whether its URL carries a `RequestID`, by which a retry is known (3).
    pub const fn has_request_id(self) -> bool {
        matches!(self, Self::TaskFlowEventNotify | Self::SessionEventNotify)
    }
}
