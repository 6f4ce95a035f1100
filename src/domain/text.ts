/** Whether a text can be kept and answered as it is: without NUL characters and unpaired surrogates. */
export const isStorable = (text: string) => !text.includes('\0') && !/\p{Surrogate}/u.test(text);

/**
 * The text, or its first characters, in memory of its own: a part of another text would keep the whole of that in memory
 * for as long as it is kept itself.
 * @param length characters
 */
export const copyText = (text: string, length = text.length): string => Buffer.from(text.slice(0, length)).toString();
