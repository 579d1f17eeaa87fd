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

# What may stand between "a" and "a row" without counting anything.
BETWEEN = (
    "of is in as to for by with that has from at on not such or and into than when where was if over "
    "like under after before between within without through but means holds takes needs gives reads "
    "writes about only no which whether until unless while are were what finds gets says say run runs "
    "had must it via this counts use uses makes making called leaves meets asks becomes beside per "
    "inside behind along"
)

PHRASES = [
    (r"\b(?:an?|one|two|three|each|stored|real|synthetic|\d+|of) (?:\w+ )?(?:%s) an? (?:%s)\b"
     % (COUNTED.replace(" ", "|"), EACH.replace(" ", "|")), "say `per` or `for each`"),
    (r"\b(?:samples|images|draws|steps|rows|values|bytes|lines|products|experts) an? (?:%s)\b"
     % EACH.replace(" ", "|"), "say `per`"),
    (r"\bone an? (?:%s)\b" % EACH.replace(" ", "|"), "say `one per`"),
    (r"\bonce an? (?:%s)\b" % EACH.replace(" ", "|"), "say `once per`"),
    (r"\b(?:[Aa]n?|[Oo]ne|some|\d+) (?:(?!(?:%s)\b)\w+) an? (?:%s)\b"
     % (BETWEEN.replace(" ", "|"), EACH.replace(" ", "|")), "say `per` or `for each`"),
    (r"\bso many an? \w+", "say `how many per`"),
    (r"\bmeant over\b", "say `averaged over`"),
    (r"\bis no plane\b", "say what it is"),
    (r"\bis had\b", "say `is obtained`, or who gets it"),
    (r"\bwould else\b", "say `would otherwise`"),
    (r"\brooms?\b(?=.*\b(?:framework|house|module)s?\b)", "say `module`"),
]
