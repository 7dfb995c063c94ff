from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest
from lxml import html

from t2ibench.core.files import digest_of
from t2ibench.core.types import Origin
from tests.reports.sample_results import CAPTIONS, FID, IS, R, many_records, record, sample_records, source, strip

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>" onmouseover="alert(2)'


@pytest.fixture
def tree(render):
    return html.document_fromstring(render()["html"])


def boards(tree):
    return tree.xpath('//table[@class="board"]')


def test_a_table_a_plan_and_a_body_a_section(tree):
    assert [[body.get("class") for body in table.xpath("tbody")] for table in boards(tree)] == [
        ["measured", "control"],
        ["measured", "control"],
        ["reported"],
    ]


def test_every_row_has_a_cell_a_column(tree):
    for table in boards(tree):
        width = len(table.xpath("thead/tr/th"))
        for row in table.xpath('tbody/tr[not(@class="section")]'):
            assert len(row.xpath("th|td")) == width
            assert all(cell.text_content().strip() for cell in row.xpath("th|td"))


def test_heads_carry_the_identity_and_the_direction(tree):
    first = boards(tree)[0]
    heads = [" ".join(head.text_content().split()) for head in first.xpath("thead/tr/th")]
    assert heads[2].startswith("FID ↓, lower is better simnet v1, ref simbirds/test 400, n 600")
    assert {head.get("scope") for head in first.xpath("thead/tr/th")} == {"col"}
    assert {head.get("scope") for head in first.xpath("tbody/tr[not(@class)]/th")} == {"row"}
    assert len(set(heads)) == len(heads)


def test_every_value_links_to_its_record(tree):
    anchors = Counter(tree.xpath("//@id"))
    assert set(anchors.values()) == {1}
    links = [link for table in boards(tree) for link in table.xpath(".//td//a/@href")]
    assert len(links) == len(sample_records())
    assert all(anchors[link.removeprefix("#")] == 1 for link in links)
    record_block = tree.get_element_by_id(links[0].removeprefix("#"))
    assert '"images_digest"' in record_block.xpath("pre")[0].text_content()
    assert '"torch": "2.9.0"' in record_block.xpath("pre")[0].text_content()


def test_failures_are_told(tree):
    failed = [" ".join(cell.text_content().split()) for cell in tree.xpath('//td[contains(@class, "failed")]')]
    assert "failed: not enough memory for 600 images; ask again with a smaller batch" in failed
    assert len(failed) == 2


def test_a_failure_without_a_reason_is_still_told(render):
    page = render([record(source("a"), FID, None, error="")])["html"]
    assert "failed: the record gives no reason" in page


def test_only_measured_rows_are_marked(tree):
    marked = tree.xpath('//td[contains(@class, "best") or contains(@class, "tied")]/ancestor::tbody/@class')
    assert set(marked) == {"measured"}
    best = tree.xpath('(//table[@class="board"])[1]//td[contains(@class, "best")]')
    assert [cell.xpath("string(..//th)").split()[0] for cell in best] == ["DF-GAN"]


def test_the_judge_seen_in_training_is_marked_and_explained(tree):
    seen = tree.xpath('(//table[@class="board"])[1]//td[contains(., "judge seen")]')
    assert [cell.xpath("string(..//th/span)") for cell in seen] == ["DM-GAN", "AttnGAN"]
    assert "Judge seen in training (†)" in tree.xpath('string(//ul[@class="notes"])')


def test_random_networks_are_labelled_and_not_ranked(render):
    random = FID.model_copy(update={"features": {"name": "simnet", "standing": "random"}})
    tree = html.document_fromstring(
        render([record(source("a"), random, 1.0, 0.1), record(source("b"), random, 9.0, 0.1)])["html"]
    )
    assert "random network: not ranked" in boards(tree)[0].text_content()
    assert not tree.xpath('//td[contains(@class, "best")]')


def test_hostile_texts_stay_texts(render):
    of = source(
        HOSTILE, title=HOSTILE, variant=HOSTILE, paper=HOSTILE, notes=(HOSTILE,), identity=digest_of(HOSTILE), steps=3
    )
    metric = FID.model_copy(update={"title": HOSTILE, "subtitle": HOSTILE, "unit": HOSTILE})
    records = [
        record(of, metric, 5.0, 1, warnings=(HOSTILE,), spread={HOSTILE: 1.0}, environment={HOSTILE: HOSTILE}),
        record(source("b"), metric, None, error=HOSTILE),
    ]
    tree = html.document_fromstring(render(records)["html"])
    assert len(tree.xpath("//script")) == 1
    assert not tree.xpath("//img")
    handlers = [name for element in tree.iter() for name in element.attrib if name.startswith("on")]
    assert not handlers
    assert HOSTILE in boards(tree)[0].xpath("string(tbody/tr[2]/th/span)")


def test_hostile_captions_and_file_names(tmp_path):
    images = tmp_path / "results" / "images"
    records = [
        record(source("a"), FID, 5.0, images="a.png"),
        record(source("b"), IS, 5.0, images="../records.jsonl"),
    ]
    images.mkdir(parents=True)
    (images / "a.png").write_bytes(strip(0))
    (images.parent / "records.jsonl").write_bytes(strip(0))
    (images / "a.json").write_text('["<script>alert(1)</script>", "b", "c", "d", "e"]')
    tree = html.document_fromstring(render_again(tmp_path, records))
    assert len(tree.xpath("//script")) == 1
    assert "<script>alert(1)</script>" in tree.xpath('string(//table[@class="gallery"]/thead)')
    assert len(tree.xpath('//table[@class="gallery"]/tbody/tr')) == 1


def render_again(folder, records):
    from t2ibench.core.interfaces import ReportInput
    from t2ibench_reports.leaderboard import Leaderboard

    given = ReportInput(records, (), folder / "results" / "images", ("html",))
    return Leaderboard().render(given)["leaderboard.html"].decode()


def test_reordering_and_control_characters_are_dropped(render):
    page = render([record(source("a", title="safe\u202egnp.exe\x1b[31m"), FID, 5.0, 1)])["html"]
    assert "\u202e" not in page.split("<h3>Records</h3>")[0]
    assert "\x1b" not in page


def test_samples_show_the_same_captions_for_all_rows(tree):
    gallery = tree.xpath('//table[@class="gallery"]')[0]
    assert tuple(gallery.xpath("thead//th/text()"))[1:] == CAPTIONS
    images = gallery.xpath(".//img")
    assert len(images) == len(CAPTIONS) * len(gallery.xpath("tbody/tr"))
    assert all(image.get("src").startswith("data:image/png;base64,") for image in images)
    assert images[0].get("alt") == f"DF-GAN: {CAPTIONS[0]}"


@pytest.mark.parametrize("content", [None, b"", b"no image", b"\x89PNG\r\n\x1a\ncut off"])
def test_a_image_that_cannot_be_read_is_left_out(render, tmp_path, content):
    records = [record(source("a"), FID, 5.0, images="a.png")]
    render(records)
    path = tmp_path / "results" / "images" / "a.png"
    path.unlink() if content is None else path.write_bytes(content)
    assert "<img" not in render_again(tmp_path, records)


def test_broken_controls_raise_a_banner(render):
    records = [
        record(source(name, Origin.CONTROL), FID, value, 1) for name, value in (("ground-truth", 400.0), ("noise", 3.0))
    ]
    tree = html.document_fromstring(render(records)["html"])
    banner = tree.xpath('//header//div[@role="alert"]')[0].text_content()
    assert "The evaluation is broken" in banner
    assert tree.xpath('//section//div[contains(@class, "broken")]')


def test_sound_controls_raise_none(tree):
    assert not tree.xpath('//*[@role="alert"]')
    assert "7 of 7 control checks passed" in tree.text_content()


def test_the_page_stands_alone(render, tmp_path):
    page = render()["html"]
    outside = re.findall(r'(?:src|href|action)="([^"]*)"', page)
    assert all(link.startswith(("#", "data:")) for link in outside)
    assert "@import" not in page
    assert "url(" not in page
    assert str(tmp_path) not in page
    assert "default-src &#39;none&#39;" in page


def test_faults_name_the_file_without_its_folder(render, tmp_path):
    records_file = tmp_path / "results" / "records.jsonl"
    records_file.parent.mkdir(parents=True)
    records_file.write_text('{"schema": 1, "half a li\n')
    page = render()["html"]
    assert "records.jsonl, line 1: not a result record" in page
    assert str(tmp_path) not in page


def test_headings_descend_one_by_one(tree):
    levels = [int(heading.tag[1]) for heading in tree.xpath("//h1|//h2|//h3|//h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_a_thousand_records_make_a_page_that_holds_them_all(render):
    page = render(many_records(1000))["html"]
    tree = html.document_fromstring(page)
    assert len(tree.xpath('//table[@class="board"]//td[@data-value]//a')) == 1000
    assert len(tree.xpath("//section[@data-dataset]")) == len(tree.xpath("//nav//a")) == 7
    # What is folded away is most of it: tables stay small enough to scroll and sort.
    assert len(page) < 8_000_000


def test_an_interval_is_drawn_where_it_lies(render):
    rows = [record(source("a"), R, 20.0, 10), record(source("b"), R, 80.0, 20)]
    tree = html.document_fromstring(render(rows)["html"])
    places = [float(point.get("cx")) for point in tree.xpath('//td//*[@class="point"]')]
    assert places == sorted(places, reverse=True)  # b first: higher is better
    assert all(0 < place < 96 for place in places)
