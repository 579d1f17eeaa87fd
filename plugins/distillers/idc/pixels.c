/* pixels.c: SGD with momentum over the pixels, and their range. */
#include "pixels.h"

static void coast(float *pixels, float *velocity, int64_t count, float lr, float momentum)
{
    for (int64_t i = 0; i < count; i++) {
        velocity[i] *= momentum;
        pixels[i] -= lr * velocity[i];
    }
}

void idc_pixels_step(float *pixels, float *velocity, int64_t count, const float *gradient,
                     int64_t first, int64_t length, double lr, double momentum)
{
    float rate = (float)lr, keep = (float)momentum;
    int64_t end = first + length;
    coast(pixels, velocity, first, rate, keep);
    for (int64_t i = 0; i < length; i++) {
        velocity[first + i] = keep * velocity[first + i] + gradient[i];
        pixels[first + i] -= rate * velocity[first + i];
    }
    coast(pixels + end, velocity + end, count - end, rate, keep);
}

void idc_pixels_clamp(float *pixels, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        pixels[i] = pixels[i] < 0.0f ? 0.0f : pixels[i] > 1.0f ? 1.0f : pixels[i];
}
