"""A customer in a real browser finds a receipt in three ways: by scanning, by typing its code, and without a code."""

import random
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
import segno
from django.test import Client
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from possys import receipt_keys
from possys.codes import ALPHABET, CodeCheckError, Environment, day_of
from tests.browser.conftest import CHROMIUM_ARGUMENTS, CHROMIUM_NAMES, HEIGHT_PX, WIDTHS_PX, _foreign, _noted
from tests.browser.test_receipt_pages import SIZES, OpenPage, Shoot, fits
from tests.factories import moment
from tests.tills import Till

CAMERA_ARGUMENTS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
VIDEO_PX = (640, 480)
VIDEO_FRAMES = 5
# All that the first page needs, over the wire and not compressed.
FIRST_PAGE_BYTES_MAX = 100_000
FOREIGN = "https://example.org/a-menu-of-the-restaurant-next-door"
# Stands in for a browser's own detector, which Chromium has on Android and macOS only: it sees what the test says.
DETECTOR = """
window.BarcodeDetector = class {{
  static async getSupportedFormats() {{ return ["aztec", "qr_code"]; }}
  async detect() {{ {body} }}
}};
"""


def made_code(number: int = 77) -> str:
    """A code of ours that no sale has, and none is needed: where it leads is what counts here."""
    return receipt_keys.table().encode(Environment.PRODUCTION, day_of(2500), 64, number)


def picture_of(text: str, *, turned: float = 0, scale: int = 6) -> Image.Image:
    """The QR code of a text as a receipt has it, on white, turned by so many degrees."""
    content = BytesIO()
    segno.make(text, error="m", micro=False).save(content, kind="png", scale=scale, border=4)
    return (
        Image.open(content).convert("L").rotate(turned, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    )


def video_of(path: Path, picture: Image.Image) -> Path:
    """A film in which a camera sees the picture, in the simplest format that Chromium plays as one."""
    frame = Image.new("L", VIDEO_PX, 190)
    frame.paste(picture, ((VIDEO_PX[0] - picture.width) // 2, (VIDEO_PX[1] - picture.height) // 2))
    grey = bytes([128]) * (VIDEO_PX[0] * VIDEO_PX[1] // 2)
    head = f"YUV4MPEG2 W{VIDEO_PX[0]} H{VIDEO_PX[1]} F10:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(head + (b"FRAME\n" + frame.tobytes() + grey) * VIDEO_FRAMES)
    return path


def photo_of(picture: Image.Image) -> bytes:
    """A photo of a long receipt on a dark table, with lines of print and the picture near its end."""
    photo = Image.new("L", (1500, 2600), 70)
    draw = ImageDraw.Draw(photo)
    draw.polygon([(330, 60), (1190, 90), (1150, 2540), (290, 2500)], fill=235)
    for line in range(40):
        draw.text((420, 200 + line * 40), f"Article number {line:02}   2 x 12.50      25.00", fill=40, font_size=30)
    photo.paste(picture, (560, 1900))
    content = BytesIO()
    photo.save(content, "JPEG", quality=80)
    return content.getvalue()


@pytest.fixture
def open_camera(browser: Browser, live_server: LiveServer, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens the first page in a browser whose camera sees a picture (none: has no camera)."""
    program = next(found for name in CHROMIUM_NAMES if (found := shutil.which(name)))
    opened: list[Browser] = []
    faults: list[str] = []

    def open_camera(
        picture: Image.Image | None, *, size: str = "phone", script: str = "", scheme: str = "light"
    ) -> Page:
        arguments: list[str] = [*CHROMIUM_ARGUMENTS]
        if picture is not None:
            film = video_of(tmp_path / "camera.y4m", picture)
            arguments += [*CAMERA_ARGUMENTS, f"--use-file-for-fake-video-capture={film}"]
        chromium = browser.browser_type.launch(executable_path=program, args=arguments)
        opened.append(chromium)
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": WIDTHS_PX[size], "height": HEIGHT_PX},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda note: _noted(note.type, note.text, faults))
        page.on("request", lambda request: _foreign(request.url, live_server.url, faults))
        page.goto("/")
        return page

    yield open_camera
    for chromium in opened:
        chromium.close()
    assert faults == []


def scan(page: Page) -> None:
    page.get_by_role("button", name="Scan the QR code").click()


def test_the_camera_reads_a_receipt_and_opens_it(open_camera: Callable[..., Page], db: None) -> None:
    code = made_code()
    page = open_camera(picture_of(receipt_keys.links().of(code), turned=12))
    scan(page)
    page.wait_for_url(f"**/{receipt_keys.links().ending_of(code)}")


def test_a_link_of_another_address_leads_to_our_own_site(open_camera: Callable[..., Page], db: None) -> None:
    ending = receipt_keys.links().ending_of(made_code())
    page = open_camera(picture_of(f"https://old-name.example/{ending.lower()}"))
    scan(page)
    page.wait_for_url(f"**/{ending}")


def test_a_plain_code_is_read_too(open_camera: Callable[..., Page], db: None) -> None:
    page = open_camera(picture_of(made_code()))
    scan(page)
    page.wait_for_url(f"**/r/{made_code()}")


def test_another_qr_code_is_shown_and_never_followed(open_camera: Callable[..., Page], db: None, shoot: Shoot) -> None:
    page = open_camera(picture_of(FOREIGN))
    scan(page)
    expect(page.get_by_role("alert")).to_contain_text("not of one of our receipts")
    expect(page.get_by_role("alert")).to_contain_text(FOREIGN[:40])
    expect(page.get_by_role("alert")).not_to_contain_text(FOREIGN)
    shoot(page, "scan-foreign-phone")
    assert fits(page)
    # The camera goes on: the next code may be the right one.
    expect(page.get_by_role("button", name="Stop")).to_be_visible()


def test_the_camera_is_stopped_by_button_and_escape(open_camera: Callable[..., Page], db: None, shoot: Shoot) -> None:
    page = open_camera(Image.new("L", (100, 100), 255))
    opener = page.get_by_role("button", name="Scan the QR code")
    for size, leave in (("phone", "button"), ("narrow", "Escape")):
        page.set_viewport_size({"width": WIDTHS_PX[size], "height": HEIGHT_PX})
        opener.click()
        expect(page.get_by_role("button", name="Stop")).to_be_focused()
        expect(page.get_by_role("status")).to_contain_text("Hold the QR code")
        assert page.evaluate("document.querySelector('video').srcObject.active")
        assert fits(page)
        shoot(page, f"scan-open-{size}")
        if leave == "button":
            page.get_by_role("button", name="Stop").click()
        else:
            page.keyboard.press(leave)
        expect(opener).to_be_focused()
        assert page.evaluate("document.querySelector('video').srcObject") is None


def test_a_forbidden_or_missing_camera_is_told_with_what_to_do(
    open_camera: Callable[..., Page], open_page: OpenPage, db: None, shoot: Shoot
) -> None:
    page = open_camera(None)
    for name, words in (("NotAllowedError", "not allowed"), ("NotFoundError", "no camera")):
        # What the browser answers is the far side here; nothing of the page is replaced.
        page.evaluate(
            "name => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name)); }", name
        )
        scan(page)
        expect(page.get_by_role("alert")).to_contain_text(words)
        expect(page.get_by_role("alert")).to_contain_text("type the code")
    shoot(page, "scan-no-camera-phone")
    # And a browser that nobody has given a camera or the permission says one of the two by itself.
    page = open_page()
    page.goto("/")
    scan(page)
    expect(page.get_by_role("alert")).to_contain_text("camera")


def test_without_a_secure_connection_the_reason_is_told(open_page: OpenPage, db: None) -> None:
    page = open_page()
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false });")
    page.goto("/")
    scan(page)
    expect(page.get_by_role("alert")).to_contain_text("not secure")


def test_the_browser_s_own_detector_is_used_where_it_works(open_camera: Callable[..., Page], db: None) -> None:
    link = receipt_keys.links().of(made_code())
    page = open_camera(
        Image.new("L", (100, 100), 255), script=DETECTOR.format(body=f"return [{{ rawValue: '{link}' }}];")
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    scan(page)
    page.wait_for_url(f"**/{receipt_keys.links().ending_of(made_code())}")
    assert not [url for url in asked if "vendor/qr" in url]


def test_a_detector_that_fails_gives_way_to_our_own(open_camera: Callable[..., Page], db: None) -> None:
    page = open_camera(picture_of(made_code()), script=DETECTOR.format(body="throw new Error('no service');"))
    scan(page)
    page.wait_for_url(f"**/r/{made_code()}")


@pytest.mark.parametrize(("turned", "scale"), [(0, 8), (17, 6), (90, 5), (-150, 7)])
def test_a_photo_of_a_receipt_is_read_in_the_browser(open_page: OpenPage, db: None, turned: float, scale: int) -> None:
    code = made_code()
    page = open_page(size="phone")
    page.goto("/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    photo = photo_of(picture_of(receipt_keys.links().of(code), turned=turned, scale=scale))
    page.get_by_label("Use a photo").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo})
    page.wait_for_url(f"**/{receipt_keys.links().ending_of(code)}")
    # The decoder and the next page were fetched; the photo went nowhere.
    assert set(sent) == {"GET"}


def test_a_photo_without_a_code_and_a_file_that_is_no_photo_are_told_apart(
    open_page: OpenPage, db: None, shoot: Shoot
) -> None:
    page = open_page(size="phone")
    page.goto("/")
    for content, words in (
        (photo_of(Image.new("L", (10, 10), 235)), "No QR code was found"),
        (b"%PDF-1.7 no picture", "no picture"),
        (photo_of(picture_of(FOREIGN, scale=7)), "not of one of our receipts"),
    ):
        page.get_by_label("Use a photo").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": content})
        expect(page.get_by_role("alert")).to_contain_text(words, timeout=20_000)
    shoot(page, "photo-foreign-phone")


def test_only_where_one_scans_the_camera_may_be_opened(client: Client, db: None) -> None:
    # A mistyped code leads to the same three ways.
    for address in ("/", "/r/?code=1234"):
        assert "camera=(self)" in client.get(address)["Permissions-Policy"]
    for address in ("/search/", f"/r/{made_code()}"):
        assert "camera=()" in client.get(address)["Permissions-Policy"]
    assert client.get("/")["Content-Security-Policy"] == client.get("/search/")["Content-Security-Policy"]


def test_the_check_symbol_is_judged_in_the_browser_as_on_the_server(open_page: OpenPage, db: None) -> None:
    page = open_page()
    page.goto("/")
    table = receipt_keys.table()
    chance = random.Random(4)
    codes = [table.encode(Environment.PRODUCTION, day_of(2000 + at), 1 + at * 997, 1 + at) for at in range(200)]
    changed = []
    for code in codes:
        symbols = list(code)
        at = chance.choice([at for at, symbol in enumerate(symbols) if symbol != "-"])
        symbols[at] = chance.choice(ALPHABET)
        changed.append("".join(symbols))
    invented = ["".join(chance.choices(ALPHABET, k=16)) for _ in range(600)]

    def is_right(code: str) -> bool:
        try:
            table.decode(code)
        except CodeCheckError:
            return False
        except ValueError:
            return True  # Of no key of ours, but well typed.
        return True

    texts = [*codes, *changed, *invented]
    judged = page.evaluate("texts => texts.map((text) => receiptCode.isCode(receiptCode.symbolsOf(text)))", texts)
    assert judged == [is_right(text) for text in texts]
    assert sum(judged[len(codes) :]) < len(invented) / 10
    for text in codes:
        typed = text.lower().replace("-", "").replace("0", "o").replace("1", "l")
        assert page.evaluate("text => receiptCode.placeOf(text)", typed) == {"code": text}


def test_typing_is_grouped_corrected_and_judged_before_anything_is_sent(
    open_page: OpenPage, db: None, shoot: Shoot
) -> None:
    page = open_page(size="phone")
    page.goto("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    field, said = page.get_by_label("Receipt code"), page.locator("[data-code-said]")
    field.press_sequentially("oil2u")
    expect(field).to_have_value("0112-U")
    expect(said).to_contain_text("“U” in group 2")
    field.press("Backspace")
    expect(said).to_be_hidden()
    page.get_by_role("button", name="Check").click()
    expect(said).to_contain_text("these are 4")
    expect(field).to_be_focused()
    code = made_code()
    wrong = ("7" if code[0] != "7" else "5") + code[1:]
    field.fill("")
    field.press_sequentially(wrong.replace("-", "").lower())
    expect(said).to_contain_text("There is a typing error in the code: compare the groups")
    expect(field).to_have_attribute("aria-invalid", "true")
    shoot(page, "typo-phone")
    assert fits(page)
    field.press("Enter")
    assert not [url for url in asked if "/r/" in url]
    # Corrected in the middle, where the caret stays.
    field.press("Home")
    field.press("Delete")
    field.press_sequentially(code[0])
    expect(field).to_have_value(code)
    assert field.evaluate("field => field.selectionStart") == 1
    expect(said).to_be_hidden()
    field.press("Enter")
    page.wait_for_url(f"**/r/{code}")


def test_deleting_over_a_hyphen_deletes_the_symbol_beyond_it(open_page: OpenPage, db: None) -> None:
    page = open_page()
    page.goto("/")
    field = page.get_by_label("Receipt code")
    field.press_sequentially("abcdefghjk")
    expect(field).to_have_value("ABCD-EFGH-JK")
    field.evaluate("field => field.setSelectionRange(5, 5)")
    field.press("Backspace")
    expect(field).to_have_value("ABCE-FGHJ-K")
    assert field.evaluate("field => field.selectionStart") == 3
    field.evaluate("field => field.setSelectionRange(4, 4)")
    field.press("Delete")
    expect(field).to_have_value("ABCE-GHJK")


@pytest.mark.parametrize("start", ["HTTPS://RECEIPTS.EXAMPLE/", "https://receipts.example/", "", "  "])
def test_a_pasted_link_leads_to_the_full_address(open_page: OpenPage, db: None, start: str) -> None:
    page = open_page()
    page.goto("/")
    ending = receipt_keys.links().ending_of(made_code())
    field = page.get_by_label("Receipt code")
    field.focus()
    page.keyboard.insert_text(start + ending)
    expect(field).to_have_value("-".join(ending[at : at + 4] for at in range(0, 20, 4)))
    page.get_by_role("button", name="Check").click()
    page.wait_for_url(f"**/{ending}")


def test_the_field_helps_on_every_page_that_has_it(open_page: OpenPage, db: None) -> None:
    page = open_page()
    for address in (f"/r/{made_code()}", "/r/?code=1234"):
        page.goto(address)
        page.get_by_label("Receipt code").fill("0000-0000-0000-0001")
        expect(page.locator("[data-code-said]")).to_contain_text("typing error")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_receipt_is_found_without_a_code(
    open_page: OpenPage, till: Till, flush_everything: Callable[[], object], shoot: Shoot, javascript: bool
) -> None:
    issued_at = moment(days=-1)
    code = till.send(till.sale(issued_at=issued_at)).json()["code"]
    flush_everything()
    for size in SIZES:
        page = open_page(size=size, scheme="dark" if size == "phone" else "light", javascript=javascript)
        page.goto("/")
        page.get_by_label("Store or till number").fill(str(till.number))
        page.get_by_label("Date", exact=True).fill(issued_at[:10])
        page.get_by_label("Time", exact=True).fill(issued_at[11:16])
        page.get_by_label("Total, as printed").fill("51,01 Kč")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Nothing matches all three")
        assert fits(page)
        shoot(page, f"search-missed-{size}")
        page.get_by_label("Total, as printed").fill("51,00 Kč")
        page.get_by_role("button", name="Search").click()
        page.wait_for_url(f"**/{receipt_keys.links().ending_of(code)}")


def test_what_is_wrong_in_the_search_stands_beside_its_field(
    open_page: OpenPage, db: None, store: object, shoot: Shoot
) -> None:
    for size in SIZES:
        page = open_page(size=size, javascript=False)
        page.goto("/search/")
        shoot(page, f"search-{size}")
        page.get_by_label("Store or till number").fill("the corner shop")
        page.get_by_label("Date", exact=True).fill("2026-11-20")
        page.get_by_label("Time", exact=True).fill("10:00")
        page.get_by_label("Total, as printed").fill("fifty")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_label("Store or till number")).to_have_value("the corner shop")
        expect(page.locator("#search-total-fault")).to_contain_text("amount in figures")
        expect(page.get_by_label("Date", exact=True)).to_have_value("2026-11-20")
        assert fits(page)
        shoot(page, f"search-faults-{size}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_three_ways_fit_and_weigh_little(
    open_page: OpenPage, db: None, shoot: Shoot, size: str, scheme: str
) -> None:
    page = open_page(size=size, scheme=scheme)
    answers: list[int] = []
    page.on("requestfinished", lambda request: answers.append(_weight(request)))
    page.goto("/", wait_until="networkidle")
    assert fits(page)
    # A card hides what sticks out of it.
    assert page.evaluate(
        "[...document.querySelectorAll('.card')].every((card) => card.scrollWidth <= card.clientWidth)"
    )
    shoot(page, f"find-{size}-{scheme}")
    print(f"the first page weighs {sum(answers)} bytes in {len(answers)} answers")
    assert 0 < sum(answers) < FIRST_PAGE_BYTES_MAX


def _weight(request: Request) -> int:
    sizes = request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]


def test_without_javascript_scanning_is_left_to_the_phone(open_page: OpenPage, db: None, shoot: Shoot) -> None:
    page = open_page(size="phone", javascript=False)
    page.goto("/")
    expect(page.get_by_role("button", name="Scan the QR code")).to_be_hidden()
    expect(page.get_by_text("Open the camera of your phone")).to_be_visible()
    shoot(page, "find-phone-without-script")
