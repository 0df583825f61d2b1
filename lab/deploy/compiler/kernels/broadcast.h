/* Two inputs, walked together: a step of 0 repeats an input along that dimension. */
struct broadcast_shape {
    int32_t size[4], first_step[4], second_step[4];
};

#define FOR_BROADCAST(s, first, second)                                                                   \
    for (int32_t i0 = 0; i0 < (s)->size[0]; i0++)                                                         \
        for (int32_t i1 = 0; i1 < (s)->size[1]; i1++)                                                     \
            for (int32_t i2 = 0; i2 < (s)->size[2]; i2++)                                                 \
                for (int32_t i3 = 0, first = i0 * (s)->first_step[0] + i1 * (s)->first_step[1] +          \
                                             i2 * (s)->first_step[2],                                     \
                             second = i0 * (s)->second_step[0] + i1 * (s)->second_step[1] +               \
                                      i2 * (s)->second_step[2];                                           \
                     i3 < (s)->size[3]; i3++, first += (s)->first_step[3], second += (s)->second_step[3])
