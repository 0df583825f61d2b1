/* USB descriptors: a serial port and a microphone of USB audio class 2. */
#include "pico/unique_id.h"
#include "tusb.h"
#include "usb_audio.h"

#define VENDOR_RASPBERRY_PI 0x2e8a
#define PRODUCT_SDK_CDC 0x000a
#define RELEASE 0x0200 /* tells systems that remember drivers this apart from the SDK's own serial port */
#define ENDPOINT_CDC_NOTE 0x81
#define ENDPOINT_CDC_OUT 0x02
#define ENDPOINT_CDC_IN 0x82
#define ENDPOINT_AUDIO 0x83
#define STRING_MAX_LEN 32

enum { STRING_LANGUAGE, STRING_MAKER, STRING_PRODUCT, STRING_SERIAL, STRING_CDC, STRING_COUNT };

static const tusb_desc_device_t device = {
    .bLength = sizeof(tusb_desc_device_t),
    .bDescriptorType = TUSB_DESC_DEVICE,
    .bcdUSB = 0x0200,
    .bDeviceClass = TUSB_CLASS_MISC,
    .bDeviceSubClass = MISC_SUBCLASS_COMMON,
    .bDeviceProtocol = MISC_PROTOCOL_IAD,
    .bMaxPacketSize0 = CFG_TUD_ENDPOINT0_SIZE,
    .idVendor = VENDOR_RASPBERRY_PI,
    .idProduct = PRODUCT_SDK_CDC,
    .bcdDevice = RELEASE,
    .iManufacturer = STRING_MAKER,
    .iProduct = STRING_PRODUCT,
    .iSerialNumber = STRING_SERIAL,
    .bNumConfigurations = 1,
};

#define ENTITIES_LEN (TUD_AUDIO_DESC_CLK_SRC_LEN + TUD_AUDIO_DESC_INPUT_TERM_LEN + TUD_AUDIO_DESC_OUTPUT_TERM_LEN)
#define CONFIGURATION_LEN (TUD_CONFIG_DESC_LEN + TUD_CDC_DESC_LEN + USB_AUDIO_DESC_LEN)

static const uint8_t configuration[] = {
    TUD_CONFIG_DESCRIPTOR(1, INTERFACE_COUNT, 0, CONFIGURATION_LEN, 0, 100),
    TUD_CDC_DESCRIPTOR(INTERFACE_CDC, STRING_CDC, ENDPOINT_CDC_NOTE, 8, ENDPOINT_CDC_OUT, ENDPOINT_CDC_IN, 64),
    TUD_AUDIO_DESC_IAD(INTERFACE_AUDIO, 2, STRING_PRODUCT),
    TUD_AUDIO_DESC_STD_AC(INTERFACE_AUDIO, 0, STRING_PRODUCT),
    TUD_AUDIO_DESC_CS_AC(0x0200, AUDIO_FUNC_MICROPHONE, ENTITIES_LEN, 0),
    TUD_AUDIO_DESC_CLK_SRC(ENTITY_CLOCK, AUDIO_CLOCK_SOURCE_ATT_INT_FIX_CLK,
                           AUDIO_CTRL_R << AUDIO_CLOCK_SOURCE_CTRL_CLK_FRQ_POS, ENTITY_INPUT, 0),
    TUD_AUDIO_DESC_INPUT_TERM(ENTITY_INPUT, AUDIO_TERM_TYPE_IN_GENERIC_MIC, 0, ENTITY_CLOCK, 1,
                              AUDIO_CHANNEL_CONFIG_NON_PREDEFINED, 0, 0, 0),
    TUD_AUDIO_DESC_OUTPUT_TERM(ENTITY_OUTPUT, AUDIO_TERM_TYPE_USB_STREAMING, 0, ENTITY_INPUT, ENTITY_CLOCK, 0, 0),
    TUD_AUDIO_DESC_STD_AS_INT(INTERFACE_AUDIO_STREAM, 0, 0, 0),
    TUD_AUDIO_DESC_STD_AS_INT(INTERFACE_AUDIO_STREAM, 1, 1, 0),
    TUD_AUDIO_DESC_CS_AS_INT(ENTITY_OUTPUT, AUDIO_CTRL_NONE, AUDIO_FORMAT_TYPE_I, AUDIO_DATA_FORMAT_TYPE_I_PCM, 1,
                             AUDIO_CHANNEL_CONFIG_NON_PREDEFINED, 0),
    TUD_AUDIO_DESC_TYPE_I_FORMAT(USB_AUDIO_BYTES, 8 * USB_AUDIO_BYTES),
    TUD_AUDIO_DESC_STD_AS_ISO_EP(
        ENDPOINT_AUDIO, TUSB_XFER_ISOCHRONOUS | TUSB_ISO_EP_ATT_ASYNCHRONOUS | TUSB_ISO_EP_ATT_DATA,
        USB_AUDIO_PACKET_BYTES, 1),
    TUD_AUDIO_DESC_CS_AS_ISO_EP(AUDIO_CS_AS_ISO_DATA_EP_ATT_NON_MAX_PACKETS_OK, AUDIO_CTRL_NONE,
                                AUDIO_CS_AS_ISO_DATA_EP_LOCK_DELAY_UNIT_UNDEFINED, 0),
};
_Static_assert(sizeof configuration == CONFIGURATION_LEN, "the length that the descriptor says");

const uint8_t *tud_descriptor_device_cb(void) { return (const uint8_t *)&device; }

const uint8_t *tud_descriptor_configuration_cb(uint8_t index) {
  (void)index;
  return configuration;
}

const uint16_t *tud_descriptor_string_cb(uint8_t index, uint16_t language) {
  static const char *const texts[STRING_COUNT] = {"", "TinyML Lab", "MicNode", NULL, "MicNode serial"};
  static uint16_t string[1 + STRING_MAX_LEN];
  char serial[2 * PICO_UNIQUE_BOARD_ID_SIZE_BYTES + 1];
  (void)language;
  if (index >= STRING_COUNT) {
    return NULL;
  }
  uint32_t length = 0;
  if (index == STRING_LANGUAGE) {
    string[++length] = 0x0409; /* English */
  } else {
    pico_get_unique_board_id_string(serial, sizeof serial);
    for (const char *next = texts[index] ? texts[index] : serial; *next && length < STRING_MAX_LEN; next++) {
      string[++length] = (uint8_t)*next;
    }
  }
  string[0] = (uint16_t)(TUSB_DESC_STRING << 8 | (2 + 2 * length));
  return string;
}
