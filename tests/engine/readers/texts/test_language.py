import pytest

from engine.readers.texts import language

SENTENCES = {
    "en": "The tenant pays the rent on the third day of the month, and not later.",
    "de": "Die Wohnung wird zum ersten März übergeben, und die Schlüssel auch.",
    "fr": "Le locataire paie le loyer le troisième jour du mois, pas plus tard.",
    "es": "El inquilino paga la renta el tercer día del mes, y nunca después.",
    "zh": "我们去年秋天在北京看了长城，天气很好，山上的树叶都红了。",
    "ja": "昨日は友達と一緒に京都の古いお寺を見に行きました。",
    "ko": "어제 친구와 함께 서울의 오래된 절을 보러 갔습니다.",
    "ru": "Однажды, в студёную зимнюю пору, я из лесу вышел; был сильный мороз.",
    "ar": "وأعرب الاتحاد الجزائري وقتها عن أسفه لهذا الموقف غير المقبول",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_the_language_of_a_sentence_is_told(code: str) -> None:
    assert language.of([SENTENCES[code]]) == code
    # Addresses and numbers are in none.
    assert language.of([f"https://example.org/the/tenant 1234 {SENTENCES[code]}"]) == code


@pytest.mark.parametrize(
    "text", ["", "12.50 EUR", "IMG_2024", "foo@example.org " * 20, "7 " * 500, "Ada Winter"]
)
def test_what_is_no_sentence_is_in_no_language(text: str) -> None:
    assert language.of([text]) is None


@pytest.mark.parametrize(
    ("tag", "code"),
    [("en", "en"), ("de-CH", "de"), ("ZH_Hant", "zh"), (" fr ", "fr"), ("", None), ("x-y", None)],
)
def test_a_declared_language_is_its_code(tag: str, code: str | None) -> None:
    assert language.declared(tag) == code


def test_no_declared_language_is_none() -> None:
    assert language.declared(None) is None
