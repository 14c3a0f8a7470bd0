# What Doxygen reads of a header (scripts/reference), line by line: the comments as they are laid out.
#   - columns, formulas and indented lists keep their layout
#   - a comment behind a declaration (`double weight = 1;  // ...`, `... const {  // [B] -> [B]`) belongs to it
#   - a comment that no declaration follows is the file's
#   - what Doxygen would take for markup is text
function escaped(text,   parts, count, i, result) {
  count = split(text, parts, "`")  # every second part is code
  for (i = 1; i <= count; i++) {
    if (i % 2) gsub(/[\\<>@#*]/, "\\\\&", parts[i])
    result = result (i > 1 ? "`" : "") parts[i]
  }
  return result
}
function laid_out(text) { return text ~ /^  / || text ~ /[^ ]   +[^ ]/ }
# Prints the comment lines that were collected: as a comment of Doxygen, of as many lines.
function flush_comment(is_file,   i, out) {
  for (i = 1; i <= lines; i++) {
    out = i == 1 ? "/**" (is_file ? " @file " FILENAME " " : " ") : ""
    if (!laid_out(comment[i])) out = out escaped(comment[i])
    else out = out (i == 1 || !laid_out(comment[i - 1]) ? "@verbatim " : "") comment[i]
    if (laid_out(comment[i]) && (i == lines || !laid_out(comment[i + 1]))) out = out " @endverbatim"
    print indent out (i == lines ? " */" : "")
  }
  lines = 0
}
# Counts the braces of a line of code, and remembers for each whether declarations stand in it.
function follow(code,   i, c) {
  if (raw) {
    if (code ~ /\)[a-z]*"/) raw = 0
    return
  }
  raw = code ~ /R"[a-z]*\(/ && code !~ /\)[a-z]*"/
  gsub(/"([^"\\]|\\.)*"/, "\"\"", code)
  gsub(/'([^'\\]|\\.)'/, "' '", code)
  sub(/\/\/.*/, "", code)
  for (i = 1; i <= length(code); i++) {
    c = substr(code, i, 1)
    statement = statement c
    if (c == "{") holds[++depth] = statement ~ /(^|[ ;])(namespace|struct|class|enum|union) / && statement !~ /\)[^()]*$/
    if (c == "}") depth--
    if (index("{};", c)) statement = ""
  }
}
function among_declarations(   i) {
  for (i = 1; i <= depth; i++) if (!holds[i]) return 0
  return statement ~ /^[ ]*$/
}
/^ *\/\/\// {
  match($0, /\/\/\//)
  indent = substr($0, 1, RSTART - 1)
  text = substr($0, RSTART + 3)
  sub(/^ /, "", text)
  comment[++lines] = text
  next
}
{
  flush_comment($0 ~ /^ *$/ || $0 ~ /^#/)
  line = $0
  if (match(line, /[;{,] +\/\/ /) && among_declarations() && line !~ /^#|^ *(public|private|protected|}|{)/) {
    text = substr(line, RSTART + RLENGTH)
    line = "/** " escaped(text) " */ " substr(line, 1, RSTART)
  }
  print line
  if ($0 !~ /^#/) follow($0)
}
END { flush_comment(1) }
