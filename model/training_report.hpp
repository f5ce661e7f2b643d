// The curves of a training run, and a page that shows them.
#pragma once

#include <string>
#include <vector>

#include "model/float_model.hpp"
#include "model/quality.hpp"

namespace lacuna {

/// Losses and figures are those of `Quality`.
class Curve {
  public:
    struct Point {
        long update = 0;  ///< updates done
        double epoch = 0;
        double train = 0;   ///< mean training loss since the point before, dropout included
        double valid = 0;   ///< validation loss
        double figure = 0;  ///< of the validation
        double rate = 0;    ///< learning rate
        bool best = false;  ///< the best validation so far
    };

    void add_loss(double loss);
    const Point& add_validation(long update, double epoch, const Quality& valid, double rate, bool best);
    const std::vector<Point>& points() const { return points_; }

    /// All of it, with the losses since the last point: a run that goes on from a checkpoint gives the same.
    std::string to_json() const;
    /// Throws `Error` naming `subject` when the text is damaged.
    static Curve from_json(const std::string& text, const std::string& subject);

  private:
    std::vector<Point> points_;
    double loss_ = 0;  ///< summed since the last point
    long updates_ = 0;
};

/// A self-contained HTML page: the curves as SVG, and what the model's history says of each stage.
std::string training_report(const FloatModel& model, const Curve& curve);

}  // namespace lacuna
