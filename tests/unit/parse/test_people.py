import pytest

from ingestion.article import Publisher
from ingestion.parse.credits import (
    agencies_among,
    agencies_in,
    bare_credit,
    credit_line,
    dateline_of,
    ending_agencies,
)
from ingestion.parse.people import people_in

HOUSE = Publisher(id="orme", name="Orme Weekly", domain="orme.example")


@pytest.mark.parametrize(
    ("printed", "people"),
    [
        ("By Wren Tolliver and Lyle Benn", ("Wren Tolliver", "Lyle Benn")),
        ("WREN TOLLIVER, Staff Writer", ("Wren Tolliver",)),
        ("Tolliver, Wren", ("Wren Tolliver",)),
        ("Wren Tolliver, Reuters", ("Wren Tolliver",)),
        ("Von Wiebke Harms und Aylin Demir", ("Wiebke Harms", "Aylin Demir")),
        ("Par Zoé Lamy et Luc Noël", ("Zoé Lamy", "Luc Noël")),
        ("Por Águeda Robles y Ginés Sala", ("Águeda Robles", "Ginés Sala")),
        ("بقلم: سلمى الدرعي", ("سلمى الدرعي",)),
        ("文＝谷口まどか", ("谷口まどか",)),
        ("谷口まどか記者", ("谷口まどか",)),
        ("Wren Tolliver in Trevose", ("Wren Tolliver",)),
        ("Wren Tolliver (wren@orme.example)", ("Wren Tolliver",)),
        ("Wren Tolliver @wrentolliver", ("Wren Tolliver",)),
        ("Wren Tolliver, Correspondent in Kyiv", ("Wren Tolliver",)),
        ("Вера Лунина", ("Вера Лунина",)),
        ("홍길동 기자", ("홍길동",)),
        ("إعداد سلمى الدرعي للنشرة العربية", ("سلمى الدرعي",)),
        ("Wren Tolliver Political Editor", ("Wren Tolliver",)),
        ("View all posts by Wren Tolliver", ("Wren Tolliver",)),
        ("Words: Wren Tolliver", ("Wren Tolliver",)),
        ("Автор: Вера Лунина", ("Вера Лунина",)),
        ("ロンドン=谷口まどか", ("谷口まどか",)),
        ("Post author By Wren Tolliver", ("Wren Tolliver",)),
        ("Ein Artikel von Wiebke Harms", ("Wiebke Harms",)),
        ("Wren Tolliver Senior Politics Editor", ("Wren Tolliver",)),
        ("Wren Tolliver Twitter", ("Wren Tolliver",)),
        ("Zoé Lamy (Bruxelles, bureau européen)", ("Zoé Lamy",)),
        ("By Wren Tolliver And Lyle Benn For The Orme On Sunday", ("Wren Tolliver", "Lyle Benn")),
        ("［谷口まどか，ITtimes］", ("谷口まどか",)),
        ("Politik · Wiebke Harms, Aylin Demir", ("Wiebke Harms", "Aylin Demir")),
        ("Wiebke von der Heide", ("Wiebke von der Heide",)),
        ("Karol von Harms", ("Karol von Harms",)),
        ("WREN DE LA CRUZ MCDONALD", ("Wren de la Cruz McDonald",)),
        ("No Author", ()),
        ("Disko Von Wiebke Harms", ("Wiebke Harms",)),
        ("Lars Von Harms", ("Lars Von Harms",)),
        ("Wren Tolliver Author", ("Wren Tolliver",)),
        ("Zoé B. Lamy C.", ("Zoé B. Lamy C.",)),
        ("Wren Tolliver Jr.", ("Wren Tolliver Jr.",)),
        ("Con información de AFP", ()),
        ("Noticias El Muelle", ()),
        ("Orme AG", ()),
        ("Alle Beiträge", ()),
        ("Orme Förderverein e. V.", ()),
        ("Google Scholar", ()),
        ("E-mail Wren", ()),
        ("Email the author", ()),
        ("wren the handle", ()),
        ("Contributing Writer", ()),
        ("Haber Merkezi", ()),
        ("City of Trevose", ()),
        ("Elleray Ports plc", ()),
        ("Ministry of Transport", ()),
        ("Emily Post", ("Emily Post",)),
        ("Staff", ()),
        ("Orme Weekly", ()),
        ("Reuters", ()),
        ("Redaktion", ()),
        ("編集部", ()),
        ("وكالات", ()),
        ("https://social.example/orme", ()),
    ],
)
def test_a_byline_is_split_into_people(printed: str, people: tuple[str, ...]) -> None:
    assert people_in([printed], HOUSE) == people


def test_one_person_printed_twice_is_one_person() -> None:
    assert people_in(["Wren Tolliver", "By WREN TOLLIVER"], HOUSE) == ("Wren Tolliver",)


@pytest.mark.parametrize(
    ("text", "place", "agencies"),
    [
        ("LONDON (Reuters) - Shares fell.", "LONDON", ("Reuters",)),
        ("PORT ELLERAY, Nov 3 (Meridian Wire) – A cable broke.", "PORT ELLERAY", ("Meridian Wire",)),
        ("Berlin (dpa/AFP) - Es regnet.", "Berlin", ("dpa", "AFP")),
        ("لندن (رويترز) - قال مسؤول.", "لندن", ("Reuters",)),
        ("【ロンドン共同】英政府は", "ロンドン", ("Kyodo",)),
        ("［東京 12日 ロイター］ - 日銀は", "東京", ("Reuters",)),
        ("DUBLIN — She has won.", "DUBLIN", ()),
        ("(서울=연합뉴스) 홍길동 기자 = 항만청은", "서울", ("Yonhap",)),
        ("新华社滨海11月20日电（记者张三、李四）记者", "滨海", ("Xinhua",)),
    ],
)
def test_a_dateline_gives_place_and_agency(text: str, place: str, agencies: tuple[str, ...]) -> None:
    dateline = dateline_of(text)

    assert dateline is not None
    assert (dateline.place, dateline.agencies) == (place, agencies)


@pytest.mark.parametrize(
    "text", ["He met Anna (her sister) - twice.", "The deal (worth 3m) is off.", "A dog — old — barked."]
)
def test_a_bracket_in_a_sentence_is_no_dateline(text: str) -> None:
    assert dateline_of(text) is None


def test_a_person_may_share_a_name_with_an_agency() -> None:
    assert agencies_among("By Petra Lunn and Ritzau Holm") == ()
    assert agencies_among("Petra Lunn, AP") == ("AP",)


def test_a_picture_credit_names_the_agency_inside_it() -> None:
    assert agencies_in("Ministry of Fish/Handout via REUTERS") == ("Reuters",)
    assert bare_credit("(Photo by: Lyle Benn)") == "Lyle Benn"


def test_a_line_of_agencies_is_a_credit_and_a_sentence_is_none() -> None:
    credit = credit_line("AFP, Paris")

    assert credit is not None
    assert (credit.place, credit.agencies) == ("Paris", ("AFP",))
    assert credit_line("Reuters reported the loss on Monday") is None


def test_the_bracket_that_ends_a_story_is_a_credit() -> None:
    assert ending_agencies("It has stopped raining. (dpa)") == ("dpa",)
    assert ending_agencies("It has stopped raining (at last).") == ()
