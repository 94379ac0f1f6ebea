/** Bytes for people: "45 MB". */
export const sizeOf = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
