/* The board as a USB microphone: 16 kHz, mono, 16 bit, and a serial port that
 * tells how it goes and takes the 1200-baud touch back to boot mode.
 *
 * This firmware sends sound to the computer; the detector never does. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "lab_board.h"
#include "microphone.h"
#include "pdm.h"
#include "pico/bootrom.h"
#include "tusb.h"
#include "usb_audio.h"

#define RING_LEN 1024u /* 64 ms; a power of two */
#define START_LEN 128u /* samples kept back: a block of the microphone and some more */
#define LOW_LEN 32u
#define HIGH_LEN 320u
#define BOOT_BAUD 1200u
#define STATUS_BLOCKS (USB_AUDIO_RATE_HZ / MICROPHONE_HOP_LEN)

static int16_t ring[RING_LEN];
static uint32_t written, sent; /* samples, modulo 2^32 */
static uint32_t dropped;       /* samples that a computer which streams did not fetch in time */
static bool streams, flows;
static uint32_t greatest; /* absolute sample since the last status line */

/* Before each frame of 1 ms: what belongs into it. One sample more or less keeps pace with the computer's clock. */
bool tud_audio_tx_done_pre_load_cb(uint8_t port, uint8_t function, uint8_t endpoint, uint8_t setting) {
  (void)port, (void)function, (void)endpoint, (void)setting;
  uint32_t held = written - sent, count = USB_AUDIO_PACKET_LEN;
  flows = streams && (flows ? held >= USB_AUDIO_PACKET_LEN : held >= START_LEN);
  if (!flows) {
    return true; /* an empty packet */
  }
  count += held > HIGH_LEN;
  count -= held < LOW_LEN;
  for (uint32_t i = 0; i < count; i++, sent++) {
    tud_audio_write(&ring[sent % RING_LEN], USB_AUDIO_BYTES);
  }
  return true;
}

bool tud_audio_set_itf_cb(uint8_t port, const tusb_control_request_t *request) {
  (void)port;
  streams = TU_U16_LOW(request->wValue) != 0;
  flows = false;
  sent = written;
  return true;
}

/* The clock is fixed: its rate, the only rate there is, and nothing else. */
bool tud_audio_get_req_entity_cb(uint8_t port, const tusb_control_request_t *request) {
  if (TU_U16_HIGH(request->wIndex) != ENTITY_CLOCK || TU_U16_HIGH(request->wValue) != AUDIO_CS_CTRL_SAM_FREQ) {
    return false;
  }
  if (request->bRequest == AUDIO_CS_REQ_CUR) {
    audio_control_cur_4_t rate = {.bCur = USB_AUDIO_RATE_HZ};
    return tud_audio_buffer_and_schedule_control_xfer(port, request, &rate, sizeof rate);
  }
  if (request->bRequest == AUDIO_CS_REQ_RANGE) {
    audio_control_range_4_n_t(1) range = {
        .wNumSubRanges = 1,
        .subrange = {{.bMin = USB_AUDIO_RATE_HZ, .bMax = USB_AUDIO_RATE_HZ, .bRes = 0}},
    };
    return tud_audio_buffer_and_schedule_control_xfer(port, request, &range, sizeof range);
  }
  return false;
}

void tud_cdc_line_coding_cb(uint8_t port, const cdc_line_coding_t *coding) {
  (void)port;
  if (coding->bit_rate == BOOT_BAUD) {
    reset_usb_boot(0, 0);
  }
}

static void say(const char *line) {
  uint32_t length = (uint32_t)strlen(line);
  if (tud_cdc_connected() && tud_cdc_write_available() >= length) {
    tud_cdc_write(line, length);
    tud_cdc_write_flush();
  }
}

static void tell(void) {
  static char line[200];
  snprintf(line, sizeof line,
           "{\"lab\":\"usb_microphone\",\"schema\":1,\"rate_hz\":%u,\"streams\":%u,\"peak\":%lu,\"overruns\":%lu,"
           "\"dropped\":%lu}\n",
           USB_AUDIO_RATE_HZ, streams, (unsigned long)greatest, (unsigned long)microphone_overruns(),
           (unsigned long)dropped);
  say(line);
}

static void work(const uint32_t *words) {
  static uint32_t blocks;
  static int16_t samples[MICROPHONE_HOP_LEN];
  pdm_decimate(words, samples, MICROPHONE_HOP_LEN);
  for (uint32_t i = 0; i < MICROPHONE_HOP_LEN; i++) {
    uint32_t size = (uint32_t)(samples[i] < 0 ? -samples[i] : samples[i]);
    greatest = size > greatest ? size : greatest;
    ring[written++ % RING_LEN] = samples[i];
  }
  if (written - sent > RING_LEN) {
    dropped += streams ? written - sent - RING_LEN : 0;
    sent = written - RING_LEN;
  }
  if (++blocks % STATUS_BLOCKS == 0) {
    tell();
    board_show(greatest * 255 >> 15);
    greatest = 0;
  }
}

int main(void) {
  board_start(LAB_LED_PIN);
  tud_init(0);
  pdm_reset();
  microphone_start(LAB_PDM_DATA_PIN, LAB_PDM_CLOCK_PIN);
  for (;;) {
    tud_task();
    const uint32_t *words = microphone_take();
    if (words) {
      work(words);
      board_alive();
    } else if (!tud_task_event_ready()) {
      board_wait();
    }
  }
}
