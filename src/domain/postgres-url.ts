/** Whether a database is an engine that several servers may share, and not a file. */
export const isPostgresUrl = (db: string): boolean => /^postgres(?:ql)?:\/\//i.test(db);

/** The text with what may be a password of a URL masked, whatever else is wrong with it. */
export const hidePassword = (text: string): string => text.replace(/(\w+:\/\/[^\s/?#:@]*):\S*@/g, '$1:…@');
