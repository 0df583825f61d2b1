/* floor((2 * value * multiplier + 2^31) / 2^32) for multiplier >= 0: the rounded high word of the doubled product. */
static inline int32_t multiply_high(int32_t value, int32_t multiplier) {
#if defined(__ARM_ARCH_6M__)
    /* No long multiply on this core: four 16-bit products, none of which overflows. */
    const uint32_t value_low = (uint32_t)value & 0xffffu, multiplier_low = (uint32_t)multiplier & 0xffffu;
    const int32_t value_high = value >> 16, multiplier_high = multiplier >> 16;
    const uint32_t low = value_low * multiplier_low;
    const int32_t middle = value_high * (int32_t)multiplier_low + (int32_t)(low >> 16);
    const int32_t other = (int32_t)value_low * multiplier_high;
    const uint32_t carry = ((uint32_t)middle & 0xffffu) + ((uint32_t)other & 0xffffu) + 0x4000u;
    const int32_t high = value_high * multiplier_high + (middle >> 16) + (other >> 16);
    return (int32_t)(((uint32_t)high << 1) + (carry >> 15));
#else
    return (int32_t)(((int64_t)value * multiplier + (1 << 30)) >> 31);
#endif
}

/* floor(value * multiplier / 2^31) for multiplier >= 0. */
static inline int32_t multiply_floor(int32_t value, int32_t multiplier) {
#if defined(__ARM_ARCH_6M__)
    const uint32_t value_low = (uint32_t)value & 0xffffu, multiplier_low = (uint32_t)multiplier & 0xffffu;
    const int32_t value_high = value >> 16, multiplier_high = multiplier >> 16;
    const int32_t middle = value_high * (int32_t)multiplier_low + (int32_t)((value_low * multiplier_low) >> 16);
    const int32_t other = (int32_t)value_low * multiplier_high;
    const uint32_t carry = ((uint32_t)middle & 0xffffu) + ((uint32_t)other & 0xffffu);
    const int32_t high = value_high * multiplier_high + (middle >> 16) + (other >> 16);
    return (int32_t)(((uint32_t)high << 1) + (carry >> 15));
#else
    return (int32_t)(((int64_t)value * multiplier) >> 31);
#endif
}

/* value * multiplier * 2^(shift - 31): the high word rounded, then shifted right, halves away from zero. */
SHARED int32_t requantize(int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0, right = left - shift;
    const int32_t high = multiply_high((int32_t)((uint32_t)value << left), multiplier);
    const int32_t mask = (int32_t)((1u << right) - 1u), threshold = (mask >> 1) + (high < 0);
    return (high >> right) + ((high & mask) > threshold);
}

/* The same where shift < 0 and |value| < 2^30, so that adding half cannot overflow. */
SHARED int32_t requantize_right(int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t high = multiply_high(value, multiplier);
    return (high + (int32_t)(1u << (-shift - 1)) + (high >> 31)) >> -shift;
}

/* value * multiplier * 2^(shift - 31) rounded once, halves up, where |value| < 2^30 and the result fits. */
SHARED int32_t requantize_once(int32_t value, int32_t multiplier, int32_t shift) {
    if (shift >= 0) return multiply_high((int32_t)((uint32_t)value << shift), multiplier);
    return (multiply_floor(value, multiplier) + (int32_t)(1u << (-shift - 1))) >> -shift;
}

/* The same as requantize_right where |value| < 2^20 - 2: three products of 32 bits, nested so that none rounds. */
SHARED int32_t requantize_short(int32_t value, int32_t multiplier, int32_t shift) {
#if defined(__ARM_ARCH_6M__)
    const int32_t low = value * (multiplier & 0x3ff);
    const int32_t middle = value * ((multiplier >> 10) & 0x3ff) + (low >> 10);
    const int32_t high = (value * (multiplier >> 20) + (middle >> 10) + (1 << 10)) >> 11;
    return (high + (int32_t)(1u << (-shift - 1)) + (high >> 31)) >> -shift;
#else
    return requantize_right(value, multiplier, shift);
#endif
}

enum {
    ROUND_TWICE,
    ROUND_TWICE_RIGHT, /* every shift is negative and no sum reaches 2^30 */
    ROUND_TWICE_SHORT, /* every shift is negative and no sum reaches 2^20 - 2 */
    ROUND_ONCE,
};

INLINE int32_t requantize_as(int32_t rounding, int32_t value, int32_t multiplier, int32_t shift) {
    if (rounding == ROUND_ONCE) return requantize_once(value, multiplier, shift);
    if (rounding == ROUND_TWICE_SHORT) return requantize_short(value, multiplier, shift);
    if (rounding == ROUND_TWICE_RIGHT) return requantize_right(value, multiplier, shift);
    return requantize(value, multiplier, shift);
}

static inline int8_t clamp(int32_t value, int32_t offset, int32_t low, int32_t high) {
    value = (int32_t)((uint32_t)value + (uint32_t)offset);
    return (int8_t)(value < low ? low : value > high ? high : value);
}
