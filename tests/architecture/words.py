"""Phrases that readers stumble over, as regular expressions with what to write instead. check.py looks
for them in comments and in strings of framework/ and plugins/.
"""

# What there is one of, or some of, for each of something.
EACH = (
    "artifact axis batch block call case cell channel checkpoint class column component copy curve day "
    "entry epoch file folder gradient group header image instruction item iteration key kind layer line "
    "name node operation option output pair panel parameter part pass path phase pixel plane plugin point "
    "probe role round row run sample second seed stage step stride study subcommand table task tensor "
    "thread tick ticket tile unit value variant weight word"
)
COUNTED = (
    "bit box bytes? coin curve draw entr(?:y|ies) experts? figure file flag gradients? images? line "
    "mean number one panel passe?s? permutation point products? row samples? sheet splits? stage steps? "
    "stream table tensor tile value word"
)

PHRASES = [
    (r"\b(?:an?|one|two|three|each|stored|real|synthetic|\d+|of) (?:\w+ )?(?:%s) an? (?:%s)\b"
     % (COUNTED.replace(" ", "|"), EACH.replace(" ", "|")), "say `per` or `for each`"),
    (r"\b(?:samples|images|draws|steps|rows|values|bytes|lines|products|experts) an? (?:%s)\b"
     % EACH.replace(" ", "|"), "say `per`"),
    (r"\bone an? (?:%s)\b" % EACH.replace(" ", "|"), "say `one per`"),
    (r"\bonce an? (?:%s)\b" % EACH.replace(" ", "|"), "say `once per`"),
    (r"\bso many an? \w+", "say `how many per`"),
    (r"\bmeant over\b", "say `averaged over`"),
    (r"\bis no plane\b", "say what it is"),
    (r"\bis had\b", "say `is obtained`, or who gets it"),
    (r"\bwould else\b", "say `would otherwise`"),
    (r"\b[Ww]hat is no \w+", "say what it is"),
    (r"\brooms?\b(?=.*\b(?:framework|house|module)s?\b)", "say `module`"),
]
