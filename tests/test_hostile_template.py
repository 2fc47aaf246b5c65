"""A chat template comes with a downloaded file: it reaches no code, and it always ends."""

import pytest

from data.errors import ModelError
from data.prompt import ChatTemplate

MESSAGES = [{"role": "user", "content": "a question"}]

DOUBLING = (
    "{% set ns = namespace(x=START) %}{% for i in range(60) %}{% set ns.x = STEP %}{% endfor %}"
)


def doubling(start, step):
    return DOUBLING.replace("START", start).replace("STEP", step) + "{{ ns.x }}"


HOSTILE = {
    "classes": "{{ ().__class__.__base__.__subclasses__() }}",
    "globals of a method": "{{ messages.append.__self__.__class__.__init__.__globals__ }}",
    "attr filter": "{{ messages|attr('__class__') }}{{ (messages|attr('__class__')).__mro__ }}",
    "format of a text": "{{ '{0.__class__}'.format(messages) }}",
    "changing what it was given": "{{ messages.clear() }}",
    "loops in loops": "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "a loop of a milliard": "{% for a in range(1000000000) %}{% endfor %}",
    "a loop that filters": "{% for a in range(9999) for b in range(9999) if a %}{% endfor %}",
    "a filter in loops": "{% for a in range(9999) %}{% for b in range(9999) if b < 0 %}{% endfor %}"
    "{% endfor %}",
    "macro without end": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "macros that branch": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}"
    "{% endmacro %}{{ m(60) }}",
    "a text times a milliard": "{{ 'a' * 1000000000 }}",
    "a list times a milliard": "{{ [1] * 1000000000 }}",
    "a power": "{{ 10 ** 10 ** 10 }}",
    "a number by doubling": doubling("9", "ns.x * ns.x"),
    "a text by +": doubling("'a'", "ns.x + ns.x"),
    "a text by ~": doubling("'a'", "ns.x ~ ns.x"),
    "a list by +": doubling("[1]", "ns.x + ns.x"),
    "lists of lists": doubling("[1]", "[ns.x, ns.x]"),
    "pairs of pairs": doubling("[1]", "(ns.x, ns.x)"),
    "names of lists": doubling("[1]", "{'a': ns.x, 'b': ns.x}"),
    "by join": doubling("'a'", "[ns.x, ns.x]|join"),
    "by join of a text": doubling("'a'", "ns.x.join([ns.x, ns.x, ns.x])"),
    "by replace": doubling("'aa'", "ns.x|replace('a', 'aa')"),
    "by replace of a text": doubling("'aa'", "ns.x.replace('a', 'aa')"),
    "a block": "{% set a %}" + "x" * 999 + "{% endset %}"
    + "".join("{% set a %}{{ a }}{{ a }}{{ a }}{% endset %}" for _ in range(60)),
    "centred": "{{ 'a'|center(1000000000) }}",
    "justified": "{{ 'a'.ljust(1000000000) }}",
    "formatted": "{{ '%1000000000d'|format(1) }}",
    "formatted by %": "{{ '%1000000000d' % 1 }}",
    "indented": "{{ 'a'|indent(1000000000, true) }}",
    "brackets": "{{ " + "(" * 5000 + ")" * 5000 + " }}",
    "a long source": "a" * 1_000_000,
    "division": "{{ 1 // 0 }}",
    "missing": "{{ nothing.at.all }}",
    "an include": "{% include '/etc/passwd' %}",
    "an import": "{% from 'os' import path %}{{ path }}",
    "no utf-8": "{{ messages[0]['content'].encode('idna') .decode('punycode') }}{{ 1/0 }}",
}  # fmt: skip


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_hostile_template_is_refused_in_a_sentence(source):
    with pytest.raises(ModelError, match="chat template"):
        ChatTemplate(source).render(MESSAGES * 2)


def test_template_of_many_messages_is_within_its_bounds():
    source = "{% for m in messages %}<|im_start|>{{ m['role'] ~ '\n' + m['content']|trim }}\n{% endfor %}"
    long = [{"role": "user", "content": "word " * 2000}] * 40
    assert ChatTemplate(source).render(long).count("<|im_start|>") == 40


def test_methods_and_filters_of_known_templates_work():
    source = (
        "{%- for m in messages if m.role != 'system' -%}"
        "{{ m.content.strip().split('</think>')[-1].lstrip('\n') | upper | replace('A', 'B') }}"
        "{{ ['x', 'y'] | join(', ') }}{{ m | tojson }}{{ loop.index0 % 2 }}"
        "{%- endfor -%}{{ messages[1:] | length }}{{ messages | map(attribute='role') | list | first }}"
    )
    assert ChatTemplate(source).render(MESSAGES) == (
        'B QUESTIONx, y{"role": "user", "content": "a question"}00user'
    )
