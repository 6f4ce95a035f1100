/** Unicode's joining types, bidirectional classes and viramas as regular expressions. */
declare module 'tr46/lib/regexes.js' {
  const regexes: Record<
    | 'combiningClassVirama'
    | 'validZWNJ'
    | 'bidiDomain'
    | 'bidiS1LTR'
    | 'bidiS1RTL'
    | 'bidiS2'
    | 'bidiS3'
    | 'bidiS4EN'
    | 'bidiS4AN'
    | 'bidiS5'
    | 'bidiS6',
    RegExp
  >;
  export default regexes;
}
declare module 'punycode/punycode.js' {
  const punycode: { encode(text: string): string; decode(text: string): string };
  export default punycode;
}
