// Reads a receipt's QR code with the camera or from a photo, in the browser: nothing is sent anywhere.
// Needs code_field.js for what a text means; the page works without both.
"use strict";

const FRAME_PAUSE_MS = 100;
// Enough for a code that fills a quarter of the frame, and quickly read on an old phone.
const FRAME_SIDE_PX = 960;
// A sharp small code needs many pixels, a blurred large one is read better with few.
const PHOTO_SIDES_PX = [1200, 800, 2000, 500];
// A long receipt's code is small in its photo: its parts, overlapping by half, are looked at closely, too.
const PART_SHARES = [0, 0.25, 0.5];
const PHOTO_BYTES_MAX = 40_000_000;
// The decoder's own limit is made for 60 frames a second; nobody minds a moment for a photo.
const FRAME_READ_MS = 60;
const PHOTO_READ_MS = 400;
const SHOWN_MAX = 40;

class Reader {
  constructor(decoderUrl) {
    this.decoderUrl = decoderUrl;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  // The browser's own detector where it works, else the vendored decoder.
  async prepare() {
    try {
      const formats = await window.BarcodeDetector.getSupportedFormats();
      if (formats.includes("qr_code")) this.detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    } catch {
      this.detector = undefined;
    }
    if (!this.detector) await this.prepareDecoder();
  }

  async prepareDecoder() {
    this.decode ??= (await import(this.decoderUrl)).decodeQR;
  }

  // The text of a QR code in a part of a picture, or undefined. `part`: x, y, width, height in the picture's pixels.
  async read(picture, part, side, timeLimit) {
    const scale = Math.min(1, side / Math.max(part.width, part.height));
    this.canvas.width = Math.max(1, Math.round(part.width * scale));
    this.canvas.height = Math.max(1, Math.round(part.height * scale));
    this.context.drawImage(
      picture, part.x, part.y, part.width, part.height, 0, 0, this.canvas.width, this.canvas.height,
    );
    if (this.detector) {
      try {
        return (await this.detector.detect(this.canvas))[0]?.rawValue;
      } catch {
        // Some systems offer a detector whose service is not installed.
        this.detector = undefined;
        await this.prepareDecoder();
      }
    }
    const { data, width, height } = this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
    try {
      return this.decode({ data, width, height }, { timeLimit });
    } catch {
      return undefined;
    }
  }
}

function stopped(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

class Scanner {
  constructor(root) {
    this.root = root;
    this.turn = 0;
    this.texts = root.dataset;
    this.reader = new Reader(root.dataset.decoder);
    this.find = (name) => root.querySelector(`[data-scan-${name}]`);
    this.video = this.find("video");
    this.find("start").hidden = false;
    // What to do where this script does not run.
    this.find("without").hidden = true;
    this.find("open").addEventListener("click", () => this.open());
    this.find("stop").addEventListener("click", () => this.close());
    this.find("torch").addEventListener("click", () => this.toggleTorch());
    this.find("photo").addEventListener("change", (event) => this.readPhoto(event.target));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.isOpen) this.close();
    });
    // A camera that goes on behind another tab would worry people, rightly.
    document.addEventListener("visibilitychange", () => document.hidden && this.isOpen && this.close());
    window.addEventListener("pagehide", () => this.stop());
  }

  say(text) {
    this.find("said").textContent = text;
  }

  complain(text) {
    const fault = this.find("fault");
    if (fault.textContent !== text) fault.textContent = text;
    fault.hidden = !text;
  }

  async open() {
    if (this.isOpen) return;
    this.complain("");
    if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) return this.complain(this.texts.insecure);
    this.isOpen = true;
    // The browser may ask for long, and meanwhile the customer may have closed and opened again.
    const turn = ++this.turn;
    this.say(this.texts.starting);
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
      });
      await this.reader.prepare();
    } catch (fault) {
      stopped(stream);
      if (!this.isTurn(turn)) return;
      this.close();
      return this.complain(this.texts[Scanner.faults[fault.name] ?? "failed"]);
    }
    if (!this.isTurn(turn)) return stopped(stream);
    this.stream = stream;
    this.video.srcObject = stream;
    this.find("camera").hidden = false;
    this.find("start").hidden = true;
    this.find("stop").focus();
    this.offerTorch();
    this.say(this.texts.looking);
    await this.video.play().catch(() => {});
    await this.watch(turn);
  }

  isTurn(turn) {
    return this.isOpen && turn === this.turn;
  }

  static faults = {
    NotAllowedError: "denied",
    SecurityError: "denied",
    NotFoundError: "missing",
    OverconstrainedError: "missing",
    NotReadableError: "busy",
    AbortError: "busy",
  };

  async watch(turn) {
    while (this.isTurn(turn)) {
      const { videoWidth: width, videoHeight: height } = this.video;
      if (width) {
        const text = await this.reader.read(this.video, { x: 0, y: 0, width, height }, FRAME_SIDE_PX, FRAME_READ_MS);
        if (text && this.isTurn(turn) && this.follow(text)) return;
      }
      await new Promise((resume) => setTimeout(resume, FRAME_PAUSE_MS));
    }
  }

  // Goes where the code leads on this site; anything else is shown and never followed.
  follow(text) {
    const place = receiptCode.placeOf(text);
    if (!place) {
      const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
      this.complain(filled(this.texts.foreign, { text: shown }));
      return false;
    }
    if (this.isOpen) this.close();
    this.complain("");
    this.say(this.texts.found);
    location.assign(place.path ?? this.texts.receipts + place.code);
    return true;
  }

  offerTorch() {
    const track = this.stream.getVideoTracks()[0];
    this.find("torch").hidden = !track.getCapabilities?.().torch;
    this.find("torch").setAttribute("aria-pressed", "false");
  }

  async toggleTorch() {
    const torch = this.find("torch");
    const isOn = torch.getAttribute("aria-pressed") === "true";
    try {
      await this.stream.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: !isOn }] });
      torch.setAttribute("aria-pressed", String(!isOn));
    } catch {
      torch.hidden = true;
    }
  }

  stop() {
    stopped(this.stream);
    this.stream = undefined;
    this.video.srcObject = null;
  }

  close() {
    this.isOpen = false;
    this.stop();
    this.find("camera").hidden = true;
    this.find("start").hidden = false;
    this.say("");
    this.find("open").focus();
  }

  async readPhoto(input) {
    const file = input.files[0];
    // So that the same photo can be chosen again.
    input.value = "";
    if (!file) return;
    this.complain("");
    if (file.size > PHOTO_BYTES_MAX) return this.complain(this.texts.large);
    this.say(this.texts.reading);
    let picture;
    try {
      picture = await createImageBitmap(file);
      await this.reader.prepare();
    } catch {
      this.say("");
      return this.complain(this.texts[picture ? "failed" : "unreadable"]);
    }
    const text = await this.readPicture(picture);
    picture.close();
    this.say("");
    if (text) this.follow(text);
    else this.complain(this.texts.nothing);
  }

  async readPicture(picture) {
    const { width, height } = picture;
    const whole = { x: 0, y: 0, width, height };
    const parts = PART_SHARES.flatMap((top) =>
      PART_SHARES.map((left) => ({ x: width * left, y: height * top, width: width / 2, height: height / 2 })),
    );
    const tries = [...PHOTO_SIDES_PX.map((side) => [whole, side]), ...parts.map((part) => [part, PHOTO_SIDES_PX[0]])];
    for (const [part, side] of tries) {
      const text = await this.reader.read(picture, part, side, PHOTO_READ_MS);
      if (text) return text;
      // The page stays alive between two tries.
      await new Promise((resume) => setTimeout(resume, 0));
    }
    return undefined;
  }
}

for (const root of document.querySelectorAll("[data-scan]")) new Scanner(root);
