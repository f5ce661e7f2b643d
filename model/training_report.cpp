#include "model/training_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "common/error.hpp"

namespace lacuna {

namespace {

using nlohmann::json;

constexpr double kWidth = 720;
constexpr double kHeight = 260;
constexpr double kLeft = 60;
constexpr double kBottom = 30;
constexpr int kTicks = 5;

struct Line {
    const char* name;
    const char* colour;
    std::function<double(const Curve::Point&)> value;
};

/// A diagram of some values of the points over epochs.
std::string diagram(const std::string& title, const std::vector<Curve::Point>& points,
                    const std::vector<Line>& lines) {
    double low = HUGE_VAL;
    double high = -HUGE_VAL;
    for (const auto& point : points) {
        for (const auto& line : lines) {
            low = std::min(low, line.value(point));
            high = std::max(high, line.value(point));
        }
    }
    if (!(high > low)) {
        high = low + 1;
    }
    const double last = std::max(points.back().epoch, 1e-9);
    const auto x = [&](double epoch) { return kLeft + (kWidth - kLeft - 10) * epoch / last; };
    const auto y = [&](double value) {
        return 10 + (kHeight - kBottom - 10) * (high - value) / (high - low);
    };
    std::string svg =
        fmt::format("<h2>{}</h2>\n<svg viewBox='0 0 {} {}' role='img'>\n", title, kWidth, kHeight);
    for (int i = 0; i <= kTicks; ++i) {
        const double value = low + (high - low) * i / kTicks;
        svg += fmt::format(
            "<line x1='{0}' x2='{1}' y1='{2:.1f}' y2='{2:.1f}' class='grid'/>"
            "<text x='{3}' y='{4:.1f}' text-anchor='end'>{5:.4g}</text>\n",
            kLeft, kWidth - 10, y(value), kLeft - 6, y(value) + 4, value);
        const double epoch = last * i / kTicks;
        svg += fmt::format("<text x='{:.1f}' y='{}' text-anchor='middle'>{:.3g}</text>\n", x(epoch),
                           kHeight - 10, epoch);
    }
    double legend = kLeft + 10;
    for (const auto& line : lines) {
        svg += fmt::format("<polyline fill='none' stroke='{}' stroke-width='1.6' points='", line.colour);
        for (const auto& point : points) {
            svg += fmt::format("{:.1f},{:.1f} ", x(point.epoch), y(line.value(point)));
        }
        svg += fmt::format("'/>\n<text x='{}' y='24' fill='{}'>{}</text>\n", legend, line.colour, line.name);
        legend += 110;
    }
    return svg + "</svg>\n";
}

std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        result += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
    }
    return result;
}

std::string stage_tables(const std::string& history) {
    std::string html;
    const auto root = json::parse(history, nullptr, false);
    if (!root.is_object() || !root.contains("stages")) {
        return html;
    }
    for (const auto& stage : root["stages"]) {
        html += fmt::format("<h2>{}</h2>\n<table>\n", escaped(stage.value("stage", "stage")));
        for (const auto& item : stage.items()) {
            html += fmt::format(
                "<tr><th>{}</th><td>{}</td></tr>\n", escaped(item.key()),
                escaped(item.value().is_string() ? item.value().get<std::string>() : item.value().dump()));
        }
        html += "</table>\n";
    }
    return html;
}

}  // namespace

void Curve::add_loss(double loss) {
    loss_ += loss;
    ++updates_;
}

const Curve::Point& Curve::add_validation(long update, double epoch, const Quality& valid, double rate,
                                          bool best) {
    const double train = updates_ > 0 ? loss_ / static_cast<double>(updates_) : 0.0;
    points_.push_back({update, epoch, train, valid.loss, valid.figure, rate, best});
    loss_ = 0;
    updates_ = 0;
    return points_.back();
}

std::string Curve::to_json() const {
    json list = json::array();
    for (const auto& point : points_) {
        list.push_back({{"update", point.update},
                        {"epoch", point.epoch},
                        {"train_loss", point.train},
                        {"valid_loss", point.valid},
                        {"valid_figure", point.figure},
                        {"learning_rate", point.rate},
                        {"best", point.best}});
    }
    return json{{"points", list}, {"open", {{"loss", loss_}, {"updates", updates_}}}}.dump();
}

Curve Curve::from_json(const std::string& text, const std::string& subject) {
    Curve curve;
    try {
        const auto root = json::parse(text);
        for (const auto& item : root.at("points")) {
            curve.points_.push_back({item.at("update"), item.at("epoch"), item.at("train_loss"),
                                     item.at("valid_loss"), item.at("valid_figure"), item.at("learning_rate"),
                                     item.at("best")});
        }
        curve.loss_ = root.at("open").at("loss");
        curve.updates_ = root.at("open").at("updates");
    } catch (const json::exception& error) {
        throw Error(fmt::format("{}: its curve is damaged: {}; delete it to start from the beginning",
                                subject, error.what()));
    }
    return curve;
}

std::string training_report(const FloatModel& model, const Curve& curve) {
    const auto& points = curve.points();
    const Task task = model.format.task;
    std::string html =
        "<!doctype html>\n<html lang='en'><meta charset='utf-8'><title>Training</title>\n<style>"
        "body{font:15px/1.5 sans-serif;max-width:760px;margin:2em auto;padding:0 1em;color:#222}"
        "svg{width:100%;font:12px sans-serif}.grid{stroke:#ddd}table{border-collapse:collapse}"
        "td,th{padding:.15em .8em .15em 0;text-align:left;vertical-align:top;word-break:break-word}"
        "th{font-weight:600;white-space:nowrap}</style>\n";
    html += fmt::format("<h1>Training of a {} model of {}</h1>\n", cell_name(model.cell), task_name(task));
    if (!points.empty()) {
        const auto best = std::ranges::min_element(points, {}, &Curve::Point::valid);
        html += fmt::format("<p>Best validation: {} in epoch {:.2f} (update {}).</p>\n",
                            quality_text({task, best->valid, best->figure, 0}), best->epoch, best->update);
        html += diagram(task == Task::Regression ? "Mean squared error (of normalised values) over epochs"
                                                 : "Loss in bits over epochs",
                        points,
                        {{"training", "#c0392b", [](const Curve::Point& p) { return p.train; }},
                         {"validation", "#2471a3", [](const Curve::Point& p) { return p.valid; }}});
        html += diagram(fmt::format("Validation: {}", figure_name(task)), points,
                        {{"validation", "#2471a3", [](const Curve::Point& p) { return p.figure; }}});
        html += diagram("Learning rate", points,
                        {{"rate", "#1e8449", [](const Curve::Point& p) { return p.rate; }}});
    }
    return html + stage_tables(model.history) + "</html>\n";
}

}  // namespace lacuna
