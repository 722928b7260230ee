/** Control characters and halves of characters: databases, logs and Meta's parser stumble over them, and no name or id needs them. */
export const UNWRITABLE = /[\p{Cc}\p{Cs}]/u
