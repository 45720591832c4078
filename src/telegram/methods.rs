//! The Bot API's methods: the parameter types of `frankenstein`, each with its name and what repeating it does.
//!
//! `getUpdates`, `setWebhook`, `deleteWebhook`, `logOut` and `close` are missing on purpose: the webhook has one owner, the
//! admin routes, and a typed call that touches it does not compile.

use frankenstein::methods as parameters;
use serde::Serialize;

/// The longest name a method may have. Telegram's own stay below 40.
const NAME_LENGTH_MAX: usize = 64;

/// Whether a text can be the name of a method. In an address such a name leads to no other place.
pub(crate) fn is_method(name: &str) -> bool {
    let has_length = (1..=NAME_LENGTH_MAX).contains(&name.len());
    has_length && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// A method of the Bot API with its parameters.
pub trait Method: Serialize {
    /// The method's name as in the Bot API.
    const NAME: &'static str;
    /// What repeating it does: [`Reading`], [`Idempotent`] or [`NonIdempotent`].
    type Effect;
}

/// Changes nothing. A handler may ask it while it thinks.
#[derive(Debug)]
pub struct Reading;

/// Doing it twice leaves the same as doing it once, so it is repeated freely: edit, delete, answer a query, react, set.
#[derive(Debug)]
pub struct Idempotent;

/// Doing it twice leaves two: send, forward, copy, invoice. When the network hides the outcome, a choice must be made.
#[derive(Debug)]
pub struct NonIdempotent;

macro_rules! methods {
    ($effect:ty: $($parameters:ident => $name:literal),+ $(,)?) => {$(
        impl Method for parameters::$parameters {
            const NAME: &'static str = $name;
            type Effect = $effect;
        }
    )+};
}

macro_rules! methods_without_parameters {
    ($effect:ty: $($method:ident => $name:literal),+ $(,)?) => {$(
        #[doc = concat!("`", $name, "`, which has no parameters.")]
        #[derive(Debug, Serialize)]
        pub struct $method {}

        impl Method for $method {
            const NAME: &'static str = $name;
            type Effect = $effect;
        }
    )+};
}

methods_without_parameters! {
    Reading:
    GetAvailableGifts => "getAvailableGifts",
    GetForumTopicIconStickers => "getForumTopicIconStickers",
    GetMe => "getMe",
    GetMyStarBalance => "getMyStarBalance",
    GetWebhookInfo => "getWebhookInfo",
}

methods_without_parameters! {
    Idempotent:
    RemoveMyProfilePhoto => "removeMyProfilePhoto",
}

methods! {
    Reading:
    GetBusinessAccountGiftsParams => "getBusinessAccountGifts",
    GetBusinessAccountStarBalanceParams => "getBusinessAccountStarBalance",
    GetBusinessConnectionParams => "getBusinessConnection",
    GetChatParams => "getChat",
    GetChatAdministratorsParams => "getChatAdministrators",
    GetChatGiftsParams => "getChatGifts",
    GetChatMemberParams => "getChatMember",
    GetChatMemberCountParams => "getChatMemberCount",
    GetChatMenuButtonParams => "getChatMenuButton",
    GetCustomEmojiStickersParams => "getCustomEmojiStickers",
    GetFileParams => "getFile",
    GetGameHighScoresParams => "getGameHighScores",
    GetManagedBotAccessSettingsParams => "getManagedBotAccessSettings",
    GetManagedBotTokenParams => "getManagedBotToken",
    GetMyCommandsParams => "getMyCommands",
    GetMyDefaultAdministratorRightsParams => "getMyDefaultAdministratorRights",
    GetMyDescriptionParams => "getMyDescription",
    GetMyNameParams => "getMyName",
    GetMyShortDescriptionParams => "getMyShortDescription",
    GetStarTransactionsParams => "getStarTransactions",
    GetStickerSetParams => "getStickerSet",
    GetUserChatBoostsParams => "getUserChatBoosts",
    GetUserGiftsParams => "getUserGifts",
    GetUserPersonalChatMessagesParams => "getUserPersonalChatMessages",
    GetUserProfileAudiosParams => "getUserProfileAudios",
    GetUserProfilePhotosParams => "getUserProfilePhotos",
}

methods! {
    NonIdempotent:
    AddStickerToSetParams => "addStickerToSet",
    AnswerGuestQueryParams => "answerGuestQuery",
    AnswerWebAppQueryParams => "answerWebAppQuery",
    ConvertGiftToStarsParams => "convertGiftToStars",
    CopyMessageParams => "copyMessage",
    CopyMessagesParams => "copyMessages",
    CreateChatInviteLinkParams => "createChatInviteLink",
    CreateChatSubscriptionInviteLinkParams => "createChatSubscriptionInviteLink",
    CreateForumTopicParams => "createForumTopic",
    CreateInvoiceLinkParams => "createInvoiceLink",
    CreateNewStickerSetParams => "createNewStickerSet",
    ExportChatInviteLinkParams => "exportChatInviteLink",
    ForwardMessageParams => "forwardMessage",
    ForwardMessagesParams => "forwardMessages",
    GiftPremiumSubscriptionParams => "giftPremiumSubscription",
    PostStoryParams => "postStory",
    RefundStarPaymentParams => "refundStarPayment",
    ReplaceManagedBotTokenParams => "replaceManagedBotToken",
    RepostStoryParams => "repostStory",
    SavePreparedInlineMessageParams => "savePreparedInlineMessage",
    SavePreparedKeyboardButtonParams => "savePreparedKeyboardButton",
    SendAnimationParams => "sendAnimation",
    SendAudioParams => "sendAudio",
    SendChatJoinRequestWebAppParams => "sendChatJoinRequestWebApp",
    SendChecklistParams => "sendChecklist",
    SendContactParams => "sendContact",
    SendDiceParams => "sendDice",
    SendDocumentParams => "sendDocument",
    SendGameParams => "sendGame",
    SendGiftParams => "sendGift",
    SendInvoiceParams => "sendInvoice",
    SendLivePhotoParams => "sendLivePhoto",
    SendLocationParams => "sendLocation",
    SendMediaGroupParams => "sendMediaGroup",
    SendMessageParams => "sendMessage",
    SendPaidMediaParams => "sendPaidMedia",
    SendPhotoParams => "sendPhoto",
    SendPollParams => "sendPoll",
    SendRichMessageParams => "sendRichMessage",
    SendStickerParams => "sendSticker",
    SendVenueParams => "sendVenue",
    SendVideoParams => "sendVideo",
    SendVideoNoteParams => "sendVideoNote",
    SendVoiceParams => "sendVoice",
    TransferBusinessAccountStarsParams => "transferBusinessAccountStars",
    TransferGiftParams => "transferGift",
    UpgradeGiftParams => "upgradeGift",
    UploadStickerFileParams => "uploadStickerFile",
}

methods! {
    Idempotent:
    AnswerCallbackQueryParams => "answerCallbackQuery",
    AnswerChatJoinRequestQueryParams => "answerChatJoinRequestQuery",
    AnswerInlineQueryParams => "answerInlineQuery",
    AnswerPreCheckoutQueryParams => "answerPreCheckoutQuery",
    AnswerShippingQueryParams => "answerShippingQuery",
    ApproveChatJoinRequestParams => "approveChatJoinRequest",
    ApproveSuggestedPostParams => "approveSuggestedPost",
    BanChatMemberParams => "banChatMember",
    BanChatSenderChatParams => "banChatSenderChat",
    CloseForumTopicParams => "closeForumTopic",
    CloseGeneralForumTopicParams => "closeGeneralForumTopic",
    DeclineChatJoinRequestParams => "declineChatJoinRequest",
    DeclineSuggestedPostParams => "declineSuggestedPost",
    DeleteAllMessageReactionsParams => "deleteAllMessageReactions",
    DeleteBusinessMessagesParams => "deleteBusinessMessages",
    DeleteChatPhotoParams => "deleteChatPhoto",
    DeleteChatStickerSetParams => "deleteChatStickerSet",
    DeleteEphemeralMessageParams => "deleteEphemeralMessage",
    DeleteForumTopicParams => "deleteForumTopic",
    DeleteMessageParams => "deleteMessage",
    DeleteMessageReactionParams => "deleteMessageReaction",
    DeleteMessagesParams => "deleteMessages",
    DeleteMyCommandsParams => "deleteMyCommands",
    DeleteStickerFromSetParams => "deleteStickerFromSet",
    DeleteStickerSetParams => "deleteStickerSet",
    DeleteStoryParams => "deleteStory",
    EditChatInviteLinkParams => "editChatInviteLink",
    EditChatSubscriptionInviteLinkParams => "editChatSubscriptionInviteLink",
    EditEphemeralMessageCaptionParams => "editEphemeralMessageCaption",
    EditEphemeralMessageMediaParams => "editEphemeralMessageMedia",
    EditEphemeralMessageReplyMarkupParams => "editEphemeralMessageReplyMarkup",
    EditEphemeralMessageTextParams => "editEphemeralMessageText",
    EditForumTopicParams => "editForumTopic",
    EditGeneralForumTopicParams => "editGeneralForumTopic",
    EditMessageCaptionParams => "editMessageCaption",
    EditMessageChecklistParams => "editMessageChecklist",
    EditMessageLiveLocationParams => "editMessageLiveLocation",
    EditMessageMediaParams => "editMessageMedia",
    EditMessageReplyMarkupParams => "editMessageReplyMarkup",
    EditMessageTextParams => "editMessageText",
    EditStoryParams => "editStory",
    EditUserStarSubscriptionParams => "editUserStarSubscription",
    HideGeneralForumTopicParams => "hideGeneralForumTopic",
    LeaveChatParams => "leaveChat",
    PinChatMessageParams => "pinChatMessage",
    PromoteChatMemberParams => "promoteChatMember",
    ReadBusinessMessageParams => "readBusinessMessage",
    RemoveBusinessAccountProfilePhotoParams => "removeBusinessAccountProfilePhoto",
    RemoveChatVerificationParams => "removeChatVerification",
    RemoveUserVerificationParams => "removeUserVerification",
    ReopenForumTopicParams => "reopenForumTopic",
    ReopenGeneralForumTopicParams => "reopenGeneralForumTopic",
    ReplaceStickerInSetParams => "replaceStickerInSet",
    RestrictChatMemberParams => "restrictChatMember",
    RevokeChatInviteLinkParams => "revokeChatInviteLink",
    SendChatActionParams => "sendChatAction",
    SendMessageDraftParams => "sendMessageDraft",
    SendRichMessageDraftParams => "sendRichMessageDraft",
    SetBusinessAccountBioParams => "setBusinessAccountBio",
    SetBusinessAccountGiftSettingsParams => "setBusinessAccountGiftSettings",
    SetBusinessAccountNameParams => "setBusinessAccountName",
    SetBusinessAccountProfilePhotoParams => "setBusinessAccountProfilePhoto",
    SetBusinessAccountUsernameParams => "setBusinessAccountUsername",
    SetChatAdministratorCustomTitleParams => "setChatAdministratorCustomTitle",
    SetChatDescriptionParams => "setChatDescription",
    SetChatMemberTagParams => "setChatMemberTag",
    SetChatMenuButtonParams => "setChatMenuButton",
    SetChatPermissionsParams => "setChatPermissions",
    SetChatPhotoParams => "setChatPhoto",
    SetChatStickerSetParams => "setChatStickerSet",
    SetChatTitleParams => "setChatTitle",
    SetCustomEmojiStickerSetThumbnailParams => "setCustomEmojiStickerSetThumbnail",
    SetGameScoreParams => "setGameScore",
    SetManagedBotAccessSettingsParams => "setManagedBotAccessSettings",
    SetMessageReactionParams => "setMessageReaction",
    SetMyCommandsParams => "setMyCommands",
    SetMyDefaultAdministratorRightsParams => "setMyDefaultAdministratorRights",
    SetMyDescriptionParams => "setMyDescription",
    SetMyNameParams => "setMyName",
    SetMyProfilePhotoParams => "setMyProfilePhoto",
    SetMyShortDescriptionParams => "setMyShortDescription",
    SetPassportDataErrorsParams => "setPassportDataErrors",
    SetStickerEmojiListParams => "setStickerEmojiList",
    SetStickerKeywordsParams => "setStickerKeywords",
    SetStickerMaskPositionParams => "setStickerMaskPosition",
    SetStickerPositionInSetParams => "setStickerPositionInSet",
    SetStickerSetThumbnailParams => "setStickerSetThumbnail",
    SetStickerSetTitleParams => "setStickerSetTitle",
    SetUserEmojiStatusParams => "setUserEmojiStatus",
    StopMessageLiveLocationParams => "stopMessageLiveLocation",
    StopPollParams => "stopPoll",
    UnbanChatMemberParams => "unbanChatMember",
    UnbanChatSenderChatParams => "unbanChatSenderChat",
    UnhideGeneralForumTopicParams => "unhideGeneralForumTopic",
    UnpinAllChatMessagesParams => "unpinAllChatMessages",
    UnpinAllForumTopicMessagesParams => "unpinAllForumTopicMessages",
    UnpinAllGeneralForumTopicMessagesParams => "unpinAllGeneralForumTopicMessages",
    UnpinChatMessageParams => "unpinChatMessage",
    VerifyChatParams => "verifyChat",
    VerifyUserParams => "verifyUser",
}
