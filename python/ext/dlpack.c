/* SPDX-License-Identifier: Apache-2.0 */
#include "dlpack.h"

/* ---- the binary interface, in the form without version that every producer still gives by default ---- */

enum { DEVICE_CPU = 1 };

typedef enum { CODE_INT = 0, CODE_UINT = 1, CODE_FLOAT = 2, CODE_COMPLEX = 5, CODE_BOOL = 6 } type_code;

typedef struct {
        void *data;
        struct {
                int32_t type;
                int32_t id;
        } device;
        int32_t dims;
        struct {
                uint8_t code;
                uint8_t bits;
                uint16_t lanes;
        } dtype;
        int64_t *shape;
        int64_t *strides; /* in elements; NULL: C-contiguous */
        uint64_t offset_bytes;
} lent_tensor;

struct pycoffer_dlpack {
        lent_tensor tensor;
        void *owner;
        void (*give_back)(pycoffer_dlpack *self);
};

/* ---- reading it ---- */

static char kind_of(uint8_t code)
{
        static const char kinds[] = {
                [CODE_INT] = 'i', [CODE_UINT] = 'u', [CODE_FLOAT] = 'f', [CODE_COMPLEX] = 'c', [CODE_BOOL] = 'b'};
        return code < sizeof(kinds) ? kinds[code] : '\0';
}

static bool read_dtype(const lent_tensor *lent, coffer_dtype *out)
{
        char kind = kind_of(lent->dtype.code);
        if (!kind || lent->dtype.lanes != 1 || lent->dtype.bits == 0 || lent->dtype.bits % 8 != 0)
                return false;
        uint64_t size_bytes = lent->dtype.bits / 8;
        char native = PY_LITTLE_ENDIAN ? '<' : '>';
        *out = (coffer_dtype){
                .kind = kind, .byte_order = size_bytes == 1 ? '|' : native, .item_size_bytes = size_bytes};
        return true;
}

static bool read_shape(const lent_tensor *lent, coffer_tensor *out)
{
        int64_t stride = (int64_t)out->dtype.item_size_bytes;
        for (int32_t i = lent->dims - 1; i >= 0; i--) {
                out->shape[i] = (uint64_t)lent->shape[i];
                out->strides_bytes[i] = stride;
                if (lent->shape[i] < 0)
                        return false;
                if (lent->strides && __builtin_mul_overflow(lent->strides[i], (int64_t)out->dtype.item_size_bytes,
                                                            &out->strides_bytes[i]))
                        return false;
                if (__builtin_mul_overflow(stride, lent->shape[i] > 0 ? lent->shape[i] : 1, &stride))
                        return false;
        }
        out->available_bytes = (uint64_t)stride; /* a promise of the lender */
        return true;
}

static bool read_tensor(const lent_tensor *lent, coffer_tensor *out)
{
        if (lent->device.type != DEVICE_CPU || lent->dims < 0 || lent->dims > COFFER_TENSOR_MAX_DIMS)
                return false;
        *out = (coffer_tensor){.dims = (size_t)lent->dims, .read_only = true};
        out->data = lent->data ? (const uint8_t *)lent->data + lent->offset_bytes : NULL;
        return read_dtype(lent, &out->dtype) && read_shape(lent, out);
}

/* ---- getting it ---- */

static bool is_on_cpu(PyObject *object)
{
        PyObject *device = PyObject_CallMethod(object, "__dlpack_device__", NULL);
        PyObject *type = device ? PySequence_GetItem(device, 0) : NULL;
        long number = type ? PyLong_AsLong(type) : -1;
        Py_XDECREF(type);
        Py_XDECREF(device);
        return number == DEVICE_CPU;
}

static pycoffer_dlpack *unpack(PyObject *capsule)
{
        pycoffer_dlpack *lent =
                PyCapsule_IsValid(capsule, "dltensor") ? PyCapsule_GetPointer(capsule, "dltensor") : NULL;
        /* Under another name the capsule no longer gives the tensor back by itself. */
        if (lent && PyCapsule_SetName(capsule, "used_dltensor") < 0)
                return NULL;
        return lent;
}

coffer_status pycoffer_dlpack_take(PyObject *object, pycoffer_dlpack **out, coffer_tensor *tensor)
{
        PyObject *type = (PyObject *)Py_TYPE(object);
        if (!PyObject_HasAttrString(type, "__dlpack__") || !PyObject_HasAttrString(type, "__dlpack_device__"))
                return COFFER_DECLINED;
        PyObject *capsule = is_on_cpu(object) ? PyObject_CallMethod(object, "__dlpack__", NULL) : NULL;
        pycoffer_dlpack *lent = capsule ? unpack(capsule) : NULL;
        Py_XDECREF(capsule);
        PyErr_Clear(); /* a tensor that its owner does not lend (gradients, read-only memory) is no view */
        if (lent && read_tensor(&lent->tensor, tensor)) {
                *out = lent;
                return COFFER_OK;
        }
        pycoffer_dlpack_free(lent);
        return COFFER_DECLINED;
}

void pycoffer_dlpack_free(pycoffer_dlpack *dlpack)
{
        if (dlpack && dlpack->give_back)
                dlpack->give_back(dlpack);
}
