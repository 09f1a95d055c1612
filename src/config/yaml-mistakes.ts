import type { ErrorCode } from 'yaml'

/** Mistakes in a YAML file, in words, by the codes of the parser. The words quote nothing of the file, which may have tokens. */
export const YAML_MISTAKES: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias (*) with a tag or an anchor',
  BAD_ALIAS: 'an alias (*) without a name',
  BAD_COLLECTION_TYPE: 'a tag that does not fit the map or list behind it',
  BAD_DIRECTIVE: 'a directive (%) that is not known',
  BAD_DQ_ESCAPE: 'a backslash in double quotes with an unknown letter behind it',
  BAD_INDENT: 'a line that is indented too little or too much, or a bracket that is not closed',
  BAD_PROP_ORDER: 'an anchor or a tag in the wrong place',
  BAD_SCALAR_START: 'a text that begins with a sign of YAML: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a key with a colon that a map or a list in several lines follows on the same line: put texts with ": " in quotes',
  BLOCK_IN_FLOW: 'lines of a map or a list inside of brackets',
  DUPLICATE_KEY: 'a key that the map has already',
  IMPOSSIBLE: 'text that is no YAML',
  KEY_OVER_1024_CHARS: 'a key of more than 1,024 characters',
  MISSING_CHAR: 'a missing sign, such as a colon, a comma, a quote, a bracket or a space behind a colon',
  MULTILINE_IMPLICIT_KEY: 'a key that goes over several lines: a colon may be missing in the line before',
  MULTIPLE_ANCHORS: 'several anchors (&) of one value',
  MULTIPLE_DOCS: 'a second document behind "---"',
  MULTIPLE_TAGS: 'several tags (!) of one value',
  NON_STRING_KEY: 'a key that is no text',
  RESOURCE_EXHAUSTION: 'aliases that make the file too large',
  TAB_AS_INDENT: 'a tab at the beginning of a line: use spaces',
  TAG_RESOLVE_FAILED: 'a tag (!) that is not known, or a value that does not fit its tag',
  UNEXPECTED_TOKEN: 'a sign that does not belong there, such as a second value behind a text in quotes',
}
