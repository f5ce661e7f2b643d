// What can go wrong between host and device; each a type of its own, so that a program can act on it.
#pragma once

#include <cstdint>
#include <string>

#include "common/error.hpp"

namespace lacuna {

/// Any failure of the link. Thrown by the driver; the text says what to do.
class LinkError : public Error {
  public:
    using Error::Error;
};

/// The port cannot be opened, is in use, or went away.
class PortError : public LinkError {
  public:
    using LinkError::LinkError;
};

/// Nothing comes back. Requests that were under way may have been executed or not.
class NoAnswer : public LinkError {
  public:
    using LinkError::LinkError;
};

/// Something answers, but no Lacuna device.
class NotLacuna : public LinkError {
  public:
    using LinkError::LinkError;
};

/// A Lacuna device of a protocol version that this driver does not speak.
class ProtocolMismatch : public LinkError {
  public:
    using LinkError::LinkError;
};

/// The device refused a request; it executed nothing of it.
class DeviceError : public LinkError {
  public:
    DeviceError(const std::string& text, std::uint8_t status, std::uint32_t detail)
        : LinkError(text), status_(status), detail_(detail) {}
    std::uint8_t status() const { return status_; }
    std::uint32_t detail() const { return detail_; }

  private:
    std::uint8_t status_;
    std::uint32_t detail_;
};

/// The device was reset, or another host opened a session: state on the device is not what this host left
/// there.
class SessionLost : public LinkError {
  public:
    SessionLost(const std::string& text, bool model_valid, std::uint32_t steps)
        : LinkError(text), model_valid_(model_valid), steps_(steps) {}
    /// What the device says now.
    bool model_valid() const { return model_valid_; }
    std::uint32_t steps() const { return steps_; }

  private:
    bool model_valid_;
    std::uint32_t steps_;
};

/// The device counted other steps than this host asked for.
class StepCountError : public LinkError {
  public:
    using LinkError::LinkError;
};

/// The device's memories do not hold what was written.
class VerifyError : public LinkError {
  public:
    using LinkError::LinkError;
};

/// The caller asked to stop; the device is as far as it got.
class Cancelled : public LinkError {
  public:
    using LinkError::LinkError;
};

}  // namespace lacuna
